import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type LoopbackServer, startLoopbackServer } from '../src/testing/loopback-server.ts';
import { type CommandFolder, createCommandFolder } from './support/run-command.ts';

let folder: CommandFolder;
before(async () => {
  folder = await createCommandFolder();
});
after(() => folder[Symbol.asyncDispose]());

interface Spread {
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

interface RunJson {
  readonly requestCount: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly llm: {
    readonly tokenCounts?: string;
    readonly promptTokens?: Spread;
    readonly outputTokens?: Spread;
    readonly ttftMs?: Spread;
    readonly itlMs?: Spread;
    readonly tpotMs?: Spread;
    readonly goodput: Readonly<Record<string, unknown>>;
  };
}

const usage = { prompt_tokens: 9, completion_tokens: 6 };

/** Streams three chunks with text, then, if told so, the count of tokens. */
function startChat(hasUsage: boolean): Promise<LoopbackServer> {
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const delta = (content: string, finish: string | null = null): string =>
    event({ choices: [{ delta: { content }, finish_reason: finish }] });
  const count = hasUsage ? event({ choices: [], usage }) : '';
  return startLoopbackServer((request, response) => {
    if (request.url === '/v1/models') {
      response.end('{"object": "list", "data": [{"id": "m", "owned_by": "tests", "max_len": 8}]}');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(delta(''));
    for (const text of ['a', 'b', 'c']) response.write(delta(text));
    response.end(`${delta('', 'stop')}${count}data: [DONE]\n\n`);
  });
}

const load = ['--model', 'm', '--concurrency', '1', '--duration', '300ms', '--warmup', '0s'];

/** What a bench measured. On a busy machine its generator may be late, which it then must say. */
async function measured(
  { origin }: LoopbackServer,
  ...args: readonly string[]
): Promise<{ readonly run: RunJson; readonly stdout: string }> {
  const { code, stdout, stderr } = await folder.run(['bench', origin, ...load, ...args, '--json']);
  if (code !== 0) assert.match(stderr, /The measurement is not valid/);
  const [run] = (JSON.parse(stdout) as { readonly runs: readonly RunJson[] }).runs;
  assert.ok(run !== undefined);
  return { run, stdout };
}

describe('headway bench, against a language model', () => {
  test('tells the tokens that the server counted, and what kept to every limit', async () => {
    await using server = await startChat(true);
    const slo = 'p99=10s,p50=1us,ttft.p95=1us';
    const args = ['--protocol', 'chat', '--slo', slo, '--report', 'llm.html'];
    const { run } = await measured(server, ...args);
    const { llm, requestCount } = run;
    assert.ok(requestCount > 0);
    assert.deepEqual(run.outcomes, { ok: requestCount });
    assert.deepEqual(Object.keys(llm), [
      'tokenCounts',
      'promptTokens',
      'outputTokens',
      'ttftMs',
      'itlMs',
      'tpotMs',
      'e2eMs',
      'tokensPerSecondPerUser',
      'tokensPerSecond',
      'goodput',
    ]);
    assert.equal(llm.tokenCounts, 'usage');
    for (const [spread, value] of [
      [llm.promptTokens, usage.prompt_tokens],
      [llm.outputTokens, usage.completion_tokens],
    ] as const) {
      assert.deepEqual([spread?.count, spread?.min, spread?.max], [requestCount, value, value]);
    }
    assert.equal(llm.ttftMs?.count, requestCount);
    assert.equal(llm.itlMs?.count, 2 * requestCount);
    const { limitsMs, misses, goodCount } = llm.goodput;
    assert.deepEqual(limitsMs, { latency: 10_000, ttft: 0.001 });
    assert.deepEqual([goodCount, misses], [0, { ttft: requestCount }]);
    const html = await readFile(join(folder.path, 'llm.html'), 'utf8');
    assert.match(html, /time to first token \(TTFT\)/);
    assert.match(html, /in the prompt/);
    assert.match(html, /as the server counted them/);
    const shown = await folder.run(['evidence', 'show', 'latest', '--json']);
    const { server: told } = JSON.parse(shown.stdout) as { server: unknown };
    const listed = { id: 'm', owned_by: 'tests', max_len: 8 };
    assert.deepEqual(told, { model: { ...listed, sha256: null, files: null } });
  });

  test('counts a token for each chunk of a server that counts none', async () => {
    await using server = await startChat(false);
    const { run } = await measured(server, '--protocol', 'chat', '--slo', 'ttft.p95=10s');
    const { llm, requestCount } = run;
    assert.equal(llm.tokenCounts, 'chunks');
    assert.equal(llm.promptTokens, undefined);
    assert.deepEqual([llm.outputTokens?.min, llm.outputTokens?.max], [3, 3]);
    assert.equal(llm.goodput['goodCount'], requestCount);
    const { stdout } = await folder.run(['bench', server.origin, ...load, '--protocol', 'chat']);
    assert.match(stdout, /output tokens\/s.*a token for each chunk/);
    assert.match(stdout, /time to first token/);
    assert.match(stdout, /in the answer +3 +3/);
  });

  test('tells the tokens of prompts whose answers have none', async () => {
    await using server = await startLoopbackServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      const counted = { prompt_tokens: 9 };
      response.end(JSON.stringify({ data: [{ embedding: [1, 2] }], usage: counted }));
    });
    const { run } = await measured(server, '--protocol', 'embeddings');
    assert.equal(run.llm.promptTokens?.max, 9);
    assert.deepEqual([run.llm.tokenCounts, run.llm.outputTokens], [undefined, undefined]);
  });
});
