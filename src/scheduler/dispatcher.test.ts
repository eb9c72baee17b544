import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { queuePolicy } from '../testing/queued-request.ts';
import { createSchedulerBench } from '../testing/scheduler-bench.ts';

describe('createScheduler() batching', () => {
  test('runs requests that come in one turn together', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 4 });
    const answers = ['a', 'b'].map((id) => bench.submit({ id }));
    assert.deepEqual(bench.runs, []);
    bench.turn();
    assert.deepEqual(bench.runs, [['a', 'b']]);
    await bench.finish(0);
    assert.deepEqual(await Promise.all(answers), ['a', 'b']);
  });

  test('sends a full batch at once', () => {
    const bench = createSchedulerBench({ maxBatchSize: 2 });
    for (const id of ['a', 'b', 'c']) void bench.submit({ id });
    assert.deepEqual(bench.runs, [['a', 'b']]);
  });

  test('collects what comes while the instance is busy, and sends it when it is free', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 8 });
    void bench.submit({ id: 'a' });
    bench.turn();
    for (const id of ['b', 'c', 'd']) void bench.submit({ id });
    bench.turn();
    assert.equal(bench.scheduler.queueDepth, 3);
    await bench.finish(0);
    assert.deepEqual(bench.runs, [['a'], ['b', 'c', 'd']]);
    assert.equal(bench.scheduler.executingCount, 3);
  });

  test('uses every instance', () => {
    const bench = createSchedulerBench({ maxBatchSize: 0, instanceCount: 2 });
    for (const id of ['a', 'b', 'c']) void bench.submit({ id });
    assert.deepEqual(bench.runs, [['a'], ['b']]);
    assert.equal(bench.scheduler.queueDepth, 1);
  });

  test('lets the event loop have its turn between two inline runs', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 2, isInline: true });
    const answers = ['a', 'b', 'c', 'd', 'e'].map((id) => bench.submit({ id, width: 1 }));
    void bench.submit({ id: 'f', width: 2 });
    bench.turn();
    const runCount = bench.runs.length;
    bench.turn();
    assert.equal(bench.runs.length, runCount + 1);
    bench.turn();
    assert.deepEqual(await Promise.all(answers), ['a', 'b', 'c', 'd', 'e']);
  });

  test('waits for the window, and tells how long it waited with an instance free', async () => {
    const bench = createSchedulerBench({
      maxBatchSize: 8,
      scheduling: { maxQueueDelayMicroseconds: 5000 },
    });
    const answer = bench.submitForTimings({ id: 'a' });
    bench.turn();
    bench.clock.advance(4.9);
    assert.deepEqual(bench.runs, []);
    bench.clock.advance(0.1);
    assert.deepEqual(bench.runs, [['a']]);
    await bench.finish(0);
    const { queueMs, batchWaitMs } = await answer;
    assert.deepEqual([queueMs, batchWaitMs], [5, 5]);
  });

  test('does not count the time behind a busy instance as waiting for a batch', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 8 });
    void bench.submit({ id: 'a' });
    bench.turn();
    const answer = bench.submitForTimings({ id: 'b' });
    bench.clock.advance(7);
    await bench.finish(0);
    await bench.finish(1);
    const { queueMs, batchWaitMs } = await answer;
    assert.deepEqual([queueMs, batchWaitMs], [7, 0]);
  });

  test('fails a request whose run throws, and goes on', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    const answers = ['a', 'b'].map((id) => bench.submit({ id }));
    await bench.fail(0, new Error('/secret/path'));
    await bench.finish(1);
    assert.deepEqual(await Promise.all(answers), ['internal', 'b']);
  });

  test('halves a batch that fails until only the bad request does', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 4 });
    const answers = ['a', 'b', 'bad', 'd'].map((id) => bench.submit({ id }));
    const next = bench.submit({ id: 'e' });
    await bench.fail(0, new Error('index out of range'));
    await bench.finish(1);
    await bench.fail(2, new Error('index out of range'));
    await bench.fail(3, new Error('index out of range'));
    assert.equal(bench.scheduler.queueDepth, 1);
    await bench.finish(4);
    await bench.finish(5);
    assert.deepEqual(await Promise.all([...answers, next]), ['a', 'b', 'internal', 'd', 'e']);
    assert.deepEqual(bench.runs.slice(1), [['a', 'b'], ['bad', 'd'], ['bad'], ['d'], ['e']]);
    assert.deepEqual(
      bench.executions.map(({ requestCount }) => requestCount),
      [2, 1, 1],
    );
    assert.equal(bench.scheduler.executingCount, 0);
  });

  test('runs again only those of a failed batch that somebody waits for', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 4 });
    const gone = new AbortController();
    const answers = [
      bench.submit({ id: 'a', signal: gone.signal }),
      bench.submit({ id: 'b', deadlineMs: bench.clock.nowMs() + 5 }),
      bench.submit({ id: 'c' }),
      bench.submit({ id: 'd' }),
    ];
    gone.abort();
    bench.clock.advance(2);
    await bench.fail(0, new Error('failed on purpose'));
    assert.deepEqual(bench.runs.at(-1), ['b']);
    bench.clock.advance(3);
    assert.equal(bench.signals[1]?.aborted, true);
    await bench.fail(1, new Error('terminated'));
    assert.deepEqual(bench.runs.at(-1), ['c', 'd']);
    await bench.finish(2);
    assert.deepEqual(await Promise.all(answers), ['cancelled', 'deadline_exceeded', 'c', 'd']);
  });

  test('halves a batch that fails inline', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 4, isInline: true, failing: ['bad'] });
    const answers = ['bad', 'b', 'c'].map((id) => bench.submit({ id }));
    bench.turn();
    assert.deepEqual(await Promise.all(answers), ['internal', 'b', 'c']);
    assert.deepEqual(bench.runs, [['bad', 'b', 'c'], ['bad'], ['b', 'c']]);
    assert.equal(bench.scheduler.executingCount, 0);
  });

  test('keeps the order of submission when it is told to', async () => {
    const bench = createSchedulerBench({
      maxBatchSize: 0,
      instanceCount: 2,
      scheduling: { preserveOrdering: true },
    });
    const order: string[] = [];
    const answers = ['a', 'b', 'c'].map((id) =>
      bench.submit({ id }).then((got) => order.push(got)),
    );
    await bench.finish(1);
    await bench.finish(2);
    assert.deepEqual(order, []);
    await bench.finish(0);
    await Promise.all(answers);
    assert.deepEqual(order, ['a', 'b', 'c']);
  });

  test('keeps the order past a request that was left before its batch failed', async () => {
    const bench = createSchedulerBench({
      maxBatchSize: 2,
      scheduling: { preserveOrdering: true },
    });
    const gone = new AbortController();
    const answers = [
      bench.submit({ id: 'a', signal: gone.signal }),
      bench.submit({ id: 'b' }),
      bench.submit({ id: 'c' }),
    ];
    gone.abort();
    await bench.fail(0, new Error('failed on purpose'));
    await bench.finish(1);
    await bench.finish(2);
    assert.deepEqual(await Promise.all(answers), ['cancelled', 'b', 'c']);
  });

  test('refuses a batch size the model does not have as a mistake of the program', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 2 });
    await assert.rejects(bench.submitForTimings({ id: 'a', batchSize: 3 }), RangeError);
    await assert.rejects(bench.submitForTimings({ id: 'a', batchSize: 0 }), RangeError);
  });
});

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

describe('createScheduler() life', () => {
  test('drains: refuses what is new, opens no window, and ends when all is answered', async () => {
    const bench = createSchedulerBench({
      maxBatchSize: 8,
      scheduling: { maxQueueDelayMicroseconds: 1e9 },
    });
    const answer = bench.submit({ id: 'a' });
    bench.turn();
    let isDrained = false;
    const drained = bench.scheduler.drain().then(() => (isDrained = true));
    assert.deepEqual(bench.runs, [['a']]);
    assert.equal(await bench.submit({ id: 'b' }), 'unavailable');
    assert.deepEqual(bench.rejections, ['draining']);
    assert.equal(isDrained, false);
    await bench.finish(0);
    assert.equal(await answer, 'a');
    await drained;
    await bench.scheduler.drain();
  });

  test('replaces instances: the old one finishes its batch, the new one takes the queue', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0 });
    const answer = bench.submit({ id: 'a' });
    void bench.submit({ id: 'b' });
    let isReplaced = false;
    const replaced = bench.scheduler
      .setInstances([bench.createInstance()])
      .then(() => (isReplaced = true));
    assert.deepEqual(bench.runs, [['a'], ['b']]);
    await bench.turnMicrotasks();
    assert.equal(isReplaced, false);
    await bench.finish(0);
    await replaced;
    assert.equal(await answer, 'a');
  });

  test('keeps an instance that is in the new list, with what it is running', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 0, instanceCount: 2 });
    void bench.submit({ id: 'a' });
    await bench.scheduler.setInstances(bench.instances.slice(0, 1));
    void bench.submit({ id: 'b' });
    assert.deepEqual(bench.runs, [['a']]);
    await bench.finish(0);
    assert.deepEqual(bench.runs, [['a'], ['b']]);
  });

  test('tells its observer of depth, executions and rejections', async () => {
    const bench = createSchedulerBench({ maxBatchSize: 4 });
    void bench.submit({ id: 'a', batchSize: 2 });
    void bench.submit({ id: 'b' });
    bench.turn();
    await bench.finish(0);
    assert.deepEqual(bench.depths, [1, 2, 0]);
    assert.deepEqual(bench.executions, [{ requestCount: 2, batchSize: 3 }]);
  });
});
