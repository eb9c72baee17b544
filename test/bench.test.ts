import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EvidenceRecord, EvidenceSummary } from '../src/store/evidence-record.ts';
import { startLoopbackServer } from '../src/testing/loopback-server.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { type ServeProcess, serveInProcess } from './support/cli.ts';
import { type CommandFolder, type CommandRun, createCommandFolder } from './support/run-command.ts';
import { type TestRepository, createTestRepository } from './support/serve.ts';

let folder: CommandFolder;
before(async () => {
  folder = await createCommandFolder();
});
after(() => folder[Symbol.asyncDispose]());

const bench = (...args: readonly string[]): Promise<CommandRun> => folder.run(['bench', ...args]);

interface RunJson {
  readonly load: { readonly concurrency?: number; readonly ratePerSecond?: number };
  readonly requestCount: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly reasons: readonly { readonly reason: string }[];
  readonly serverComputeMs?: unknown;
}

/** What a bench measured. On a busy machine its generator may be late, which it then must say. */
async function measured(...args: readonly string[]) {
  const { code, stdout, stderr } = await bench(...args, '--json');
  if (code !== 0) assert.match(stderr, /The measurement is not valid/);
  return JSON.parse(stdout) as {
    readonly runs: readonly RunJson[];
    readonly finding: Readonly<Record<string, unknown>>;
    readonly evidence?: string;
  };
}

/** What the evidence store has, the newest first. */
async function records(): Promise<readonly EvidenceSummary[]> {
  const { stdout } = await folder.run(['evidence', 'list', '--json']);
  return JSON.parse(stdout) as readonly EvidenceSummary[];
}

/** The whole of one record. */
async function recordOf(id: string | undefined): Promise<EvidenceRecord> {
  const { stdout } = await folder.run(['evidence', 'show', id ?? 'none', '--json']);
  return JSON.parse(stdout) as EvidenceRecord;
}

/** Says in one line of standard error why nothing was measured. */
async function refused(code: 1 | 2, ...args: readonly string[]): Promise<string> {
  const run = await bench(...args);
  assert.deepEqual([run.code, run.stdout], [code, ''], run.stderr);
  return run.stderr;
}

const short = ['--duration', '400ms', '--warmup', '100ms'] as const;
const shorter = ['--duration', '200ms', '--warmup', '0s'] as const;

describe('headway bench, against headway serve', () => {
  let repository: TestRepository;
  let served: ServeProcess;
  before(async () => {
    repository = await createTestRepository({ 'add/1/model.onnx': addModel({ elements: 4 }) });
    served = await serveInProcess(repository.root);
  });
  after(async () => {
    await served[Symbol.asyncDispose]();
    await repository[Symbol.asyncDispose]();
  });

  test('asks a model in every form of the inference protocol', async () => {
    const { http, grpc } = served.urls;
    const fileSum = hash('sha256', await readFile(join(repository.root, 'add/1/model.onnx')));
    for (const [url, ...args] of [
      [http],
      [http, '--protocol', 'http-json', '--zero'],
      [`grpc://${grpc}`, '--generators', '2'],
    ] as const) {
      const { runs, evidence } = await measured(
        url,
        '--model',
        'add',
        '--rate',
        '50',
        ...short,
        ...args,
      );
      const [run] = runs;
      assert.ok(run !== undefined && run.requestCount > 5);
      assert.deepEqual(run.outcomes, { ok: run.requestCount });
      assert.ok(run.serverComputeMs !== undefined);
      const { server } = await recordOf(evidence);
      const { sha256, files } = server['model'] as { sha256: unknown; files: unknown };
      const isTold = url === http;
      assert.equal(sha256, isTold ? hash('sha256', `${fileSum}  1/model.onnx\n`) : null);
      assert.equal(Array.isArray(files), isTold);
    }
    const { stdout } = await bench(http, '--model', 'add', '--concurrency', '2', ...short);
    assert.match(stdout, /closed loop, .* good answers\/s/);
    assert.match(stdout, /\nevidence [0-9a-f]+\n$/);
  });

  test('holds answers against what is expected while it sends', async () => {
    await writeFile(join(folder.path, 'ones.json'), '{"a": [[1, 1, 1, 1]], "b": [[1, 1, 1, 1]]}');
    await writeFile(join(folder.path, 'twos.json'), '{"sum": [[2, 2, 2, 2]]}');
    await writeFile(join(folder.path, 'threes.json'), '{"sum": [[2, 2, 2, 3]]}');
    const asked = [served.urls.http, '--model', 'add', '--input', 'ones.json', ...short];
    const load = ['--concurrency', '2', '--generators', '2', '--check', 'twos.json'];
    const { runs } = await measured(...asked, ...load);
    assert.deepEqual(Object.keys(runs[0]?.outcomes ?? {}), ['ok']);
    assert.match(
      await refused(1, ...asked, '--check', 'threes.json'),
      /output 'sum'\[0,3\]: expected 3, got 2/,
    );
  });

  test('names what is wrong with the model or the inputs before it measures', async () => {
    const { http } = served.urls;
    assert.match(await refused(1, http, '--model', 'ad'), /did you mean 'add'/);
    assert.match(
      await refused(1, http, '--model', 'add', '--dataset', 'none'),
      /There is no folder 'none'/,
    );
    assert.match(await refused(2, `${http}/v2/models/add`, '--protocol', 'chat'), /--model NAME/);
  });
});

describe('headway bench, against any server', () => {
  test('counts from the schedule of a seed, and writes files of every request', async () => {
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    const files = ['--jsonl', 'requests.jsonl', '--histogram', 'latency.hlog'];
    const args = [server.origin, '--rate', '100', '--seed', '7', ...short, ...files];
    const [first, second] = [await measured(...args), await measured(...args)];
    assert.equal(first.runs[0]?.requestCount, second.runs[0]?.requestCount);
    const lines = (await readFile(join(folder.path, 'requests.jsonl'), 'utf8')).trim().split('\n');
    const requests = lines.map((line) => JSON.parse(line) as { isWarmup?: boolean });
    const judged = requests.filter(({ isWarmup }) => isWarmup !== true);
    assert.equal(judged.length, first.runs[0]?.requestCount);
    assert.match(await readFile(join(folder.path, 'latency.hlog'), 'utf8'), /^#\[/);
    const unkept = await measured(...args, '--no-evidence');
    assert.equal(unkept.evidence, undefined);
  });

  test('tells errors by their reasons', async () => {
    let count = 0;
    await using server = await startLoopbackServer((_, response) => {
      count += 1;
      response.statusCode = count === 1 ? 200 : count % 2 === 0 ? 500 : 429;
      response.end();
    });
    const { runs } = await measured(server.origin, '--concurrency', '1', ...short);
    assert.ok((runs[0]?.outcomes['failed'] ?? 0) > 0 && (runs[0]?.outcomes['rejected'] ?? 0) > 0);
    const reasons = runs[0]?.reasons.map(({ reason }) => reason).toSorted();
    assert.deepEqual(reasons, ['HTTP status 429', 'HTTP status 500']);
  });

  test('waits for slow answers as long as any answer may take', async () => {
    let count = 0;
    await using server = await startLoopbackServer((_, response) => {
      count += 1;
      setTimeout(() => response.end('ok'), count === 1 ? 0 : 5_200);
    });
    const load = ['--concurrency', '2', '--duration', '100ms', '--warmup', '0s'];
    const { runs } = await measured(server.origin, ...load);
    assert.deepEqual(runs[0]?.outcomes, { ok: 2 });
  });

  test('says that a stream is not text', async () => {
    await using server = await startLoopbackServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x0a, 0x0a]));
    });
    const message = await refused(1, server.origin, '--protocol', 'chat', '--model', 'm');
    assert.match(message, /does not answer as expected: .*UTF-8/);
  });

  test('measures several loads', async () => {
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    for (const [sweep, loads] of [
      ['concurrency=1:2', [1, 2]],
      ['rate=20,30', [20, 30]],
    ] as const) {
      const { runs } = await measured(server.origin, '--sweep', sweep, ...shorter);
      const amounts = runs.map(({ load }) => load.concurrency ?? load.ratePerSecond);
      assert.deepEqual(amounts, loads);
    }
  });

  test('looks for the highest load that holds a bound', async () => {
    let inFlight = 0;
    await using server = await startLoopbackServer((_, response) => {
      inFlight += 1;
      response.statusCode = inFlight > 3 ? 503 : 200;
      setTimeout(() => {
        inFlight -= 1;
        response.end();
      }, 2);
    });
    const search = ['--search', 'concurrency', '--slo', 'p90=30s', ...short];
    const { runs, finding } = await measured(server.origin, ...search);
    const loads = runs.map(({ load }) => load.concurrency);
    assert.deepEqual(loads, [1, 2, 4, 3].slice(0, loads.length));
    // It ends where the generator is late.
    if (finding['kind'] === 'none') return;
    assert.partialDeepStrictEqual(finding, { kind: 'highest', within: 3, beyond: 4 });
  });

  test('looks for the knee', async () => {
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    const { runs, finding } = await measured(
      server.origin,
      '--knee',
      '--concurrency',
      '2',
      ...shorter,
    );
    assert.equal(finding['kind'], 'knee');
    assert.ok(runs.some(({ load }) => load.concurrency === finding['concurrency']));
  });

  test("judges MLPerf's scenarios by their rules", async () => {
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    for (const [scenario, metric, ...args] of [
      ['single-stream', 'p90 latency, early-stopping estimate'],
      ['multi-stream', 'p99 latency, early-stopping estimate'],
      ['server', 'scheduled rate', '--rate', '40', '--slo', 'p99=20s'],
      ['offline', 'throughput'],
    ] as const) {
      const { finding } = await measured(
        server.origin,
        '--scenario',
        scenario,
        ...args,
        ...shorter,
      );
      assert.partialDeepStrictEqual(finding, {
        kind: 'scenario',
        result: { scenario, metric, isValid: false },
      });
      assert.match(JSON.stringify(finding), /the rules want 600 s/);
    }
  });

  test('keeps what was measured when the server dies, and when it is told to stop', async () => {
    let answers = 0;
    await using server = await startLoopbackServer((request, response) => {
      answers += 1;
      if (answers <= 20) response.end('ok');
      else request.socket.destroy();
    });
    const died = await bench(server.origin, '--rate', '100', ...short, '--json');
    assert.equal(died.code, 1);
    assert.match(died.stderr, /stopped answering while it was measured/);
    const [record] = await records();
    assert.match(record?.reason ?? '', /^http:.* stopped answering while it was measured$/);
    assert.deepEqual([record?.state, record?.runCount], ['failed', 1]);
    const { runs } = JSON.parse(died.stdout) as { runs: RunJson[] };
    assert.ok((runs[0]?.outcomes['disconnected'] ?? 0) > 0);

    await using lasting = await startLoopbackServer((_, response) => response.end('ok'));
    const load = ['--rate', '50', '--duration', '5m', '--warmup', '0s'];
    const child = folder.start(['bench', lasting.origin, ...load]);
    await child.until(() => lasting.requests.length >= 5);
    child.stop();
    const { code, stdout, stderr } = await child.ended;
    assert.equal(code, 1);
    assert.match(stdout, /requests\/s offered/);
    assert.match(stderr, /^headway: Stopped: what was measured until then is told above\.\n$/);
    const [stopped] = await records();
    assert.deepEqual(
      [stopped?.state, stopped?.reason, stopped?.runCount],
      ['partial', 'stopped before the measurement ended', 1],
    );
    const { result, cwd } = await recordOf(stopped?.id);
    assert.partialDeepStrictEqual(result, { runs: [{ loop: 'open' }] });
    assert.equal(cwd, await realpath(folder.path));
  });

  test('says what is wrong with the address, the answers, the trace and the files', async () => {
    await using page = await startLoopbackServer((_, response) => response.end('<html>'));
    assert.match(await refused(1, 'http://127.0.0.1:1', ...short), /No answer from .*refused/);
    assert.match(await refused(2, 'ftp://x'), /no address to send load to/);
    assert.match(await refused(1, page.origin, '--model', 'm'), /does not answer as a server of/);
    await using strict = await startLoopbackServer((_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"error": "the key is missing"}');
    });
    assert.match(
      await refused(1, strict.origin),
      /does not answer as expected: HTTP status 400: the key is missing\./,
    );
    await writeFile(join(folder.path, 'trace.csv'), '0\n20\n10\n');
    assert.match(
      await refused(1, page.origin, '--arrival', 'trace:trace.csv'),
      /trace\.csv, line 3: .*must not go backwards/,
    );
    const lost = ['--concurrency', '1', ...short, '--jsonl', 'no/x.jsonl'];
    assert.match(
      await refused(1, page.origin, ...lost),
      /--jsonl cannot be written: there is no folder .*no'/,
    );
  });

  test('compares two servers in pairs, and writes a report that needs nothing else', async () => {
    await using one = await startLoopbackServer((_, response) => response.end('ok'));
    await using two = await startLoopbackServer((_, response) => response.end('ok'));
    const pairs = ['--vs', two.origin, '--pairs', '2', '--report', 'report.html'];
    const { code, stdout, stderr } = await bench(one.origin, '--rate', '50', ...short, ...pairs);
    if (code !== 0) assert.match(stderr, /not valid/);
    assert.match(stdout, /difference .* interval/);
    assert.ok(one.requests.length > 20 && two.requests.length > 20);
    const html = await readFile(join(folder.path, 'report.html'), 'utf8');
    assert.match(html, /^<!doctype html>/);
    assert.doesNotMatch(html, /(?:src|href)="https?:/);
  });

  test('refuses options that contradict each other', async () => {
    const url = 'http://127.0.0.1:1';
    for (const [message, ...args] of [
      [/cannot be used together/, '--rate', '1', '--concurrency', '1'],
      [/add --slo p99=100ms/, '--search', 'rate'],
      [/did you mean 'poisson'/, '--arrival', 'poison'],
      [/duration with its unit/, '--duration', '30'],
      [/rate=100:800:100/, '--sweep', '1,2'],
      [/no clause named 'p'/, '--slo', 'p=1ms'],
      [/'ttft\.p95=1ms' is about .*--protocol chat or/, '--model', 'm', '--slo', 'ttft.p95=1ms'],
      [/Did you mean --rate/, '--rat', '1'],
      [/--check is for the protocols http, .*protocol 'plain'/, '--check', 'x.json'],
    ] as const) {
      assert.match(await refused(2, url, ...args), message);
    }
  });
});
