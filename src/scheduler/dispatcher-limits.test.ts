import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { queuePolicy } from '../testing/queued-request.ts';
import { createSchedulerBench } from '../testing/scheduler-bench.ts';

describe('createScheduler() limits', () => {
  test('holds exactly as many requests as the queue may, besides those that run', async () => {
    const bench = createSchedulerBench({
      maxBatchSize: 0,
      scheduling: { defaultQueuePolicy: queuePolicy({ maxQueueSize: 2 }) },
    });
    const answers = ['a', 'b', 'c', 'd'].map((id) => bench.submit({ id }));
    assert.equal(await answers[3], 'resource_exhausted');
    assert.equal(bench.scheduler.queueDepth, 2);
    assert.deepEqual(bench.rejections, ['queue_full']);
    await bench.finish(0);
    void bench.submit({ id: 'e' });
    assert.equal(bench.scheduler.queueDepth, 2);
  });

  test('does not count requests that wait for nothing but the end of the turn', () => {
    const bench = createSchedulerBench({
      maxBatchSize: 8,
      scheduling: { defaultQueuePolicy: queuePolicy({ maxQueueSize: 1 }) },
    });
    for (const id of ['a', 'b']) void bench.submit({ id });
    assert.deepEqual(bench.runs, [['a']]);
    assert.deepEqual(bench.rejections, []);
  });

  test('rejects a request exactly when its queue timeout is due', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    void bench.submit({ id: 'a' });
    const answer = bench.submit({ id: 'b', queueTimeoutMs: 10 });
    bench.clock.advance(9.99);
    assert.equal(bench.scheduler.queueDepth, 1);
    bench.clock.advance(0.01);
    assert.equal(bench.scheduler.queueDepth, 0);
    assert.equal(await answer, 'unavailable');
    assert.deepEqual(bench.rejections, ['timeout']);
  });

  test('runs a request whose timeout delays it after the others', async () => {
    const delay = queuePolicy({ timeoutAction: 'delay', defaultTimeoutMicroseconds: 10_000 });
    const bench = createSchedulerBench({
      maxBatchSize: 0,
      scheduling: { defaultQueuePolicy: delay },
    });
    void bench.submit({ id: 'a' });
    void bench.submit({ id: 'b' });
    bench.clock.advance(9);
    void bench.submit({ id: 'c' });
    bench.clock.advance(2);
    await bench.finish(0);
    await bench.finish(1);
    assert.deepEqual(bench.runs, [['a'], ['c'], ['b']]);
  });

  test('refuses at once what would miss its deadline, once run times are known', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    for (const run of [0, 1, 2]) {
      void bench.submit({ id: `warm ${run}` });
      bench.clock.advance(20);
      await bench.finish(run);
    }
    void bench.submit({ id: 'a' });
    const nowMs = bench.clock.nowMs();
    assert.equal(await bench.submit({ id: 'b', deadlineMs: nowMs + 39 }), 'unavailable');
    assert.deepEqual(bench.rejections, ['would_miss_deadline']);
    void bench.submit({ id: 'c', deadlineMs: nowMs + 40 });
    assert.equal(bench.scheduler.queueDepth, 1);
  });

  test('tries again with one request after a second without a run', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    for (const run of [0, 1, 2]) {
      void bench.submit({ id: `warm ${run}` });
      bench.clock.advance(500);
      await bench.finish(run);
    }
    const soon = (): number => bench.clock.nowMs() + 50;
    assert.equal(await bench.submit({ id: 'a', deadlineMs: soon() }), 'unavailable');
    bench.clock.advance(1001);
    const answer = bench.submit({ id: 'b', deadlineMs: soon() });
    assert.deepEqual(bench.runs.at(-1), ['b']);
    await bench.finish(3);
    assert.equal(await answer, 'b');
  });

  test('answers a running request when its deadline passes, and ends a run left by all', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 2 });
    const answers = [5, 8].map((deadlineMs) => bench.submit({ id: `${deadlineMs}`, deadlineMs }));
    bench.clock.advance(5);
    assert.equal(await answers[0], 'deadline_exceeded');
    assert.equal(bench.signals[0]?.aborted, false);
    bench.clock.advance(3);
    assert.equal(await answers[1], 'deadline_exceeded');
    assert.equal(bench.signals[0]?.aborted, true);
    assert.equal(bench.scheduler.executingCount, 2);
    await bench.fail(0, new Error('terminated'));
    assert.equal(bench.scheduler.executingCount, 0);
  });
});

describe('createScheduler() cancellation', () => {
  test('takes a cancelled request out of the queue at once', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    void bench.submit({ id: 'a' });
    const gone = new AbortController();
    const answer = bench.submit({ id: 'b', signal: gone.signal });
    gone.abort();
    assert.equal(bench.scheduler.queueDepth, 0);
    assert.equal(await answer, 'cancelled');
    await bench.finish(0);
    assert.deepEqual(bench.runs, [['a']]);
  });

  test('refuses a request whose client is gone already', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    assert.equal(await bench.submit({ id: 'a', signal: AbortSignal.abort() }), 'cancelled');
    assert.deepEqual([bench.runs, bench.rejections], [[], ['cancelled']]);
  });

  test('answers one abandoned request of a running batch and lets the others finish', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 2 });
    const gone = new AbortController();
    const answers = [
      bench.submit({ id: 'a', signal: gone.signal }),
      bench.submit({ id: 'b', signal: new AbortController().signal }),
    ];
    gone.abort();
    assert.equal(await answers[0], 'cancelled');
    assert.equal(bench.signals[0]?.aborted, false);
    await bench.finish(0);
    assert.equal(await answers[1], 'b');
  });

  test('terminates a run that nobody waits for', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    const gone = new AbortController();
    const answer = bench.submit({ id: 'a', signal: gone.signal });
    gone.abort();
    assert.equal(bench.signals[0]?.aborted, true);
    assert.equal(await answer, 'cancelled');
  });
});
