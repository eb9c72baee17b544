import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
