import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { prepareOipHttpRequest } from '../src/loadgen/inputs/oip-requests.ts';
import { createFakeServer } from '../src/testing/fake-server.ts';
import { startOipServer } from '../src/testing/http-exchange.ts';
import { fp32Tensor } from '../src/testing/infer-request.ts';
import { startLoopbackServer } from '../src/testing/loopback-server.ts';
import { outcomes } from '../src/loadgen/samples.ts';
import { validityOf } from '../src/loadgen/validity.ts';
import type { FromGenerator, ToGenerator } from '../src/loadgen/process/messages.ts';
import { sharedNowMs } from '../src/loadgen/process/shared-clock.ts';
import { startGenerators } from '../src/loadgen/process/start-generators.ts';

const mainPath = path.join(import.meta.dirname, '../src/loadgen/process/main.ts');
const request = { method: 'GET', headers: {}, body: new Uint8Array() } as const;

const named = (numbers: Uint8Array) => [...numbers].map((number) => outcomes[number]);

test('generator processes send a schedule together, and then a closed loop', async () => {
  await using server = await startLoopbackServer((_request, response) => response.end());
  const requests = ['/0', '/1', '/2'].map((it) => ({ ...request, path: it }));
  await using generators = await startGenerators({
    mainPath,
    count: 2,
    client: { protocol: 'http', options: { url: server.origin, requests } },
  });
  const intendedMs = Float64Array.of(0, 1, 1, 2, 3);
  const schedule = { seed: 1, warmupMs: 0, durationMs: 5, intendedMs };
  let endedCount = 0;
  const open = await generators.runOpenLoop(schedule, {
    tickMs: 1,
    onTick: (progress) => (endedCount = progress.endedCount),
  });
  assert.deepEqual(open.samples.intendedMs, intendedMs);
  assert.deepEqual(named(open.samples.outcome), Array(5).fill('ok'));
  assert.deepEqual(server.requests.map((it) => it.path).toSorted(), ['/0', '/0', '/1', '/1', '/2']);
  assert.ok(endedCount <= 5);

  const loop = { concurrency: 2, warmupMs: 0, durationMs: 50 };
  const closed = await generators.runClosedLoop(loop);
  assert.ok(closed.samples.count >= 2);
  assert.deepEqual([...new Set(named(closed.samples.outcome))], ['ok']);
});

test('what was measured is kept when the run is stopped, and when a server is not there', async () => {
  const server = await startLoopbackServer((_request, response) => response.end());
  await using generators = await startGenerators({
    mainPath,
    count: 1,
    client: {
      protocol: 'http',
      options: { url: server.origin, requests: [{ ...request, path: '/' }] },
    },
  });
  const stop = new AbortController();
  const intendedMs = Float64Array.of(0, 60_000);
  const schedule = { seed: 1, warmupMs: 0, durationMs: 90_000, intendedMs };
  const run = await generators.runOpenLoop(schedule, {
    signal: stop.signal,
    tickMs: 1,
    onTick: ({ endedCount }) => endedCount === 1 && stop.abort(),
  });
  assert.deepEqual(named(run.samples.outcome), ['ok']);
  await server[Symbol.asyncDispose]();
  const short = { ...schedule, durationMs: 5, intendedMs: Float64Array.of(0) };
  const after = await generators.runOpenLoop(short);
  assert.deepEqual([...after.reasons], [['the connection was refused', 1]]);
});

test('a generator process that cannot make its client says why', async () => {
  const options = { url: 'ftp://x', requests: [{ ...request, path: '/' }] };
  await assert.rejects(
    startGenerators({ mainPath, count: 2, client: { protocol: 'http', options } }),
    /The url 'ftp:\/\/x' must begin with/,
  );
});

test('a generator process holds answers against what it was told to expect', async () => {
  const fake = createFakeServer();
  await using server = await startOipServer(fake);
  const tensors = (value: number) => new Map([['x', fp32Tensor([1], [value])]]);
  const requests = [1, 2].map((value) =>
    prepareOipHttpRequest(tensors(value), { model: 'echo' }, { binary: true }),
  );
  const expected = {
    outputs: [tensors(1), tensors(3)],
    tolerance: { absolute: 0, relative: 0 },
  };
  const options = { url: server.url, requests };
  const client = { protocol: 'http', options, expected } as const;
  await using generators = await startGenerators({ mainPath, count: 1, client });
  const intendedMs = Float64Array.of(0, 1);
  const run = await generators.runOpenLoop({ seed: 1, warmupMs: 0, durationMs: 5, intendedMs });
  assert.deepEqual(named(run.samples.outcome), ['ok', 'wrong']);
  assert.deepEqual([...run.reasons], [["output 'x'[0]: expected 3, got 2", 1]]);
});

test('the part of a generator process that dies counts as dropped', async () => {
  await using server = await startLoopbackServer((_request, response) => response.end());
  await using generators = await startGenerators({
    mainPath: path.join(import.meta.dirname, '../src/testing/dying-generator.ts'),
    count: 2,
    client: { protocol: 'http', options: { url: server.origin, requests: [] } },
  });
  const schedule = { seed: 1, warmupMs: 0, durationMs: 5, intendedMs: Float64Array.of(0, 1) };
  const run = await generators.runOpenLoop(schedule);
  assert.deepEqual(named(run.samples.outcome), ['dropped', 'dropped']);
  assert.deepEqual([...run.reasons], [['a process that generates load ended with exit code 7', 2]]);
  assert.equal(run.lostGeneratorCount, 2);

  const closed = await generators.runClosedLoop({ concurrency: 2, warmupMs: 0, durationMs: 5 });
  assert.equal(validityOf(closed).valid, false);
});

test('a generator process outlives signals to its group, and ends with the one that started it', async () => {
  await using server = await startLoopbackServer((_request, response) => response.end());
  const options = { url: server.origin, requests: [{ ...request, path: '/' }] };
  const child = fork(mainPath, [], { serialization: 'advanced' });
  child.send({ kind: 'connect', client: { protocol: 'http', options } } satisfies ToGenerator);
  await once(child, 'message');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) child.kill(signal);
  const schedule = { seed: 1, warmupMs: 0, durationMs: 5, intendedMs: Float64Array.of(0) };
  child.send({
    kind: 'run',
    load: { kind: 'open', schedule },
    drainMs: undefined,
    tickMs: undefined,
    startAtMs: sharedNowMs(),
  } satisfies ToGenerator);
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  assert.equal((answer as FromGenerator | null)?.kind, 'done');
  child.disconnect();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('what was not due yet when a run was stopped is not dropped with its process', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-generator-'));
  const dyingPath = path.join(folder, 'main.mjs');
  await writeFile(
    dyingPath,
    `process.on('message', ({ kind }) => {
      if (kind === 'connect') process.send({ kind: 'ready' });
      if (kind === 'stop') process.exit(1);
    });`,
  );
  const options = { url: 'http://127.0.0.1:1', requests: [{ ...request, path: '/' }] };
  await using generators = await startGenerators({
    mainPath: dyingPath,
    count: 1,
    client: { protocol: 'http', options },
  });
  const intendedMs = Float64Array.of(0, 60_000);
  const run = await generators.runOpenLoop(
    { seed: 1, warmupMs: 0, durationMs: 90_000, intendedMs },
    { signal: AbortSignal.abort() },
  );
  await rm(folder, { recursive: true });
  assert.deepEqual([run.samples.count, run.durationMs, run.lostGeneratorCount], [0, 0, 1]);
});
