import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLoopbackServer } from '../src/testing/loopback-server.ts';
import { type CommandFolder, createCommandFolder } from './support/run-command.ts';

interface ProofJson {
  readonly verdict: string;
  readonly ending: string;
  readonly finding: { readonly secondsNeeded?: number };
  readonly runs: readonly { readonly requestCount: number }[];
  readonly evidence?: string;
}

const short = ['--warmup', '100ms', '--json'] as const;

/** The verdict and the exit code; `undefined` where the machine was too busy for the generator. */
async function verdictOf(
  folder: CommandFolder,
  args: readonly string[],
): Promise<{ readonly code: number; readonly proof: ProofJson } | undefined> {
  const { code, stdout, stderr } = await folder.run(['prove', ...args, ...short]);
  const proof = JSON.parse(stdout) as ProofJson;
  assert.match(proof.evidence ?? '', /^[0-9a-f]+$/);
  if (code !== 1) return { code, proof };
  assert.match(stderr, /Nothing is concluded from a run that is not valid/);
  assert.deepEqual([proof.ending, proof.verdict], ['invalid', 'invalid']);
  return undefined;
}

describe('headway prove', () => {
  test('proves, refutes, and says how much is missing, by its exit code too', async () => {
    await using folder = await createCommandFolder();
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    const proved = ['--slo', 'rate=60,p50=20s', '--duration', '12s'];
    const first = await verdictOf(folder, [server.origin, ...proved]);
    if (first !== undefined) assert.deepEqual([first.code, first.proof.verdict], [0, 'proved']);

    let oddCount = 0;
    await using odd = await startLoopbackServer((_, response) => {
      oddCount += 1;
      response.writeHead(oddCount % 4 === 0 ? 500 : 200).end();
    });
    const little = ['--slo', 'rate=20,p80=20s', '--duration', '1s'];
    const open = await verdictOf(folder, [odd.origin, ...little]);
    if (open !== undefined) {
      assert.deepEqual([open.code, open.proof.verdict], [4, 'notEnoughData']);
      assert.ok((open.proof.finding.secondsNeeded ?? 0) > 0);
      assert.equal(open.proof.runs.length, 10);
    }

    let count = 0;
    await using failing = await startLoopbackServer((_, response) => {
      count += 1;
      response.writeHead(count === 1 ? 200 : 500).end();
    });
    const refuted = await verdictOf(folder, [failing.origin, ...proved]);
    if (refuted !== undefined) {
      assert.deepEqual([refuted.code, refuted.proof.verdict], [3, 'refuted']);
    }
  });

  test('tells people the verdict first, and what it rests on', async () => {
    await using folder = await createCommandFolder();
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    const args = ['--slo', 'rate=20,p80=20s', '--duration', '1s', '--warmup', '0s'];
    const { stdout } = await folder.run(['prove', server.origin, ...args]);
    assert.match(
      stdout,
      /^(?:PROVED|NOT ENOUGH DATA|INVALID) {2}p80=20000ms,rate=20 at 95 % confidence\n/,
    );
    assert.match(stdout, /requests +misses +allowed/);
  });

  test('keeps what was measured when it is told to stop', async () => {
    await using folder = await createCommandFolder();
    await using server = await startLoopbackServer((_, response) => response.end('ok'));
    const child = folder.start(['prove', server.origin, '--slo', 'rate=50,p99=20s', ...short]);
    await child.until(() => server.requests.length >= 8);
    child.stop();
    const { code, stdout, stderr } = await child.ended;
    assert.ok(code === 4 || code === 1);
    const { ending, evidence } = JSON.parse(stdout) as ProofJson;
    assert.match(ending, /stopped|invalid/);
    if (ending === 'stopped') assert.match(stderr, /headway: Stopped: what was measured until/);
    assert.match(evidence ?? '', /^[0-9a-f]+$/);
  });

  test('says what is wrong with its use, and with the server', async () => {
    await using folder = await createCommandFolder();
    const url = 'http://127.0.0.1:1';
    for (const [code, message, ...args] of [
      [2, /required option '--slo <bounds>'/],
      [2, /names no rate: .*rate=100,p99=1ms/, '--slo', 'p99=1ms'],
      [2, /too short: .* takes 4 s to prove/, '--slo', 'rate=100,p99=1ms', '--duration', '3s'],
      [
        1,
        /--report cannot be written: there is no folder '\/nowhere'/,
        '--slo',
        'rate=1,p99=1ms',
        '--duration',
        '1h',
        '--report',
        '/nowhere/x.html',
      ],
      [2, /bounds no latency/, '--slo', 'rate=1'],
      [2, /'itl\.p9=1ms' is about .*--protocol chat or/, '--slo', 'rate=1,itl.p9=1ms'],
      [2, /--dataset is for the protocols http/, '--slo', 'rate=1,p9=1ms', '--dataset', 'd'],
      [2, /between 0 and 1/, '--slo', 'rate=1,p99=1ms', '--confidence', '95'],
      [1, /No answer from .*refused/, '--slo', 'rate=10,p99=1ms'],
    ] as const) {
      const run = await folder.run(['prove', url, ...args]);
      assert.deepEqual([run.code, run.stdout], [code, '']);
      assert.match(run.stderr, message);
    }
  });
});
