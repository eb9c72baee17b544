import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { queuePolicy } from '../testing/queued-request.ts';
import { type SchedulerBench, createSchedulerBench } from '../testing/scheduler-bench.ts';

const anyStep = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      batchSize: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 2 }),
      priority: fc.integer({ min: 0, max: 2 }),
      queueTimeoutMs: fc.constantFrom(0, 0, 3, 20),
      deadlineAfterMs: fc.constantFrom(undefined, undefined, 4, 30),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('finish' as const, 'fail' as const),
      pick: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      elapsedMs: fc.constantFrom(0.5, 1, 5, 40),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('instances' as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
);

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never;

const anyOptions = fc.record({
  maxBatchSize: fc.integer({ min: 4, max: 8 }),
  instanceCount: fc.integer({ min: 1, max: 2 }),
  isInline: fc.boolean(),
  scheduling: fc.record({
    maxQueueDelayMicroseconds: fc.constantFrom(0, 2000),
    preserveOrdering: fc.boolean(),
    preferredBatchSizes: fc.constantFrom([], [3]),
    priorityLevels: fc.constant(2),
    defaultPriorityLevel: fc.constant(2),
    defaultQueuePolicy: fc.constantFrom(
      queuePolicy(),
      queuePolicy({ maxQueueSize: 3 }),
      queuePolicy({ maxQueueSize: 5, defaultTimeoutMicroseconds: 10_000 }),
      queuePolicy({ defaultTimeoutMicroseconds: 5000, timeoutAction: 'delay' }),
    ),
  }),
});

interface Submitted {
  readonly id: string;
  readonly batchSize: number;
  readonly client: AbortController;
  answerCount: number;
  answer: string | undefined;
}

async function settle(entry: Submitted, answer: Promise<string>): Promise<void> {
  entry.answer = await answer;
  entry.answerCount += 1;
}

async function carryOut(bench: SchedulerBench, step: Step, submitted: Submitted[]): Promise<void> {
  if (step.kind === 'submit') {
    const entry: Submitted = {
      id: String(submitted.length),
      batchSize: step.batchSize,
      client: new AbortController(),
      answerCount: 0,
      answer: undefined,
    };
    submitted.push(entry);
    const { kind: _, deadlineAfterMs, ...job } = step;
    const deadline =
      deadlineAfterMs === undefined ? {} : { deadlineMs: bench.clock.nowMs() + deadlineAfterMs };
    const { signal } = entry.client;
    void settle(entry, bench.submit({ ...job, ...deadline, id: entry.id, signal }));
  } else if (step.kind === 'turn') bench.turn();
  else if (step.kind === 'advance') bench.clock.advance(step.elapsedMs);
  else if (step.kind === 'cancel') submitted[step.pick % submitted.length]?.client.abort();
  else if (step.kind === 'instances') {
    const instances = Array.from({ length: step.count }, () => bench.createInstance());
    void bench.scheduler.setInstances([...bench.instances.slice(0, 1), ...instances.slice(1)]);
  } else {
    const run = bench.openRuns[step.pick % Math.max(1, bench.openRuns.length)];
    if (run !== undefined) await bench[step.kind](run, new Error('failed on purpose'));
  }
  await bench.turnMicrotasks();
}

function checkRuns(bench: SchedulerBench, submitted: Submitted[], maxBatchSize: number): void {
  const ran = bench.runs.flat();
  const lastSize = new Map<string, number>();
  for (const run of bench.runs) {
    for (const id of run) {
      assert.ok(run.length < (lastSize.get(id) ?? Infinity), 'a request ran in vain again');
      lastSize.set(id, run.length);
    }
  }
  for (const run of bench.runs) {
    const size = run.reduce((sum, id) => sum + (submitted[Number(id)]?.batchSize ?? NaN), 0);
    assert.ok(size <= maxBatchSize, 'a batch is too large');
  }
  for (const { answerCount, answer, id } of submitted) {
    assert.ok(answerCount <= 1);
    assert.ok(answer !== id || ran.includes(id), 'an answer came without a run');
  }
}

async function finishAll(bench: SchedulerBench): Promise<void> {
  const drained = bench.scheduler.drain();
  for (let round = 0; round < 500; round += 1) {
    for (const run of bench.openRuns) await bench.finish(run);
    bench.turn();
    await bench.turnMicrotasks();
    if (bench.scheduler.queueDepth === 0 && bench.openRuns.length === 0 && !bench.hasDeferred)
      break;
  }
  // Checked before the wait, so that a lost request fails the test instead of hanging it.
  assert.deepEqual([bench.scheduler.queueDepth, bench.scheduler.executingCount], [0, 0]);
  await drained;
  await bench.turnMicrotasks();
}

test('createScheduler() settles every request exactly once, whatever happens in between', async () => {
  await fc.assert(
    fc.asyncProperty(anyOptions, fc.array(anyStep, { maxLength: 60 }), async (options, steps) => {
      const bench = createSchedulerBench(options);
      const submitted: Submitted[] = [];
      for (const step of steps) {
        await carryOut(bench, step, submitted);
        checkRuns(bench, submitted, options.maxBatchSize);
        assertLimit(bench, options.scheduling.defaultQueuePolicy.maxQueueSize);
      }
      await finishAll(bench);
      for (const { answerCount } of submitted) assert.equal(answerCount, 1);
      assert.equal(bench.depths.at(-1) ?? 0, 0);
    }),
    { numRuns: 200 },
  );
});

/** Two levels share the policy, each with its own count. */
function assertLimit(bench: SchedulerBench, maxQueueSize: number): void {
  if (maxQueueSize > 0) assert.ok(bench.scheduler.queueDepth <= 2 * maxQueueSize);
}

test('createScheduler() leaves no request behind its queue timeout', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }),
      async (limits) => {
        const bench = createSchedulerBench({ maxBatchSize: 0 });
        void bench.submit({ id: 'occupies the instance' });
        const endedAtMs = new Map<number, number>();
        for (const [index, queueTimeoutMs] of limits.entries()) {
          void bench
            .submit({ id: `${index}`, queueTimeoutMs })
            .then(() => endedAtMs.set(index, bench.clock.nowMs()));
        }
        for (let elapsedMs = 1; elapsedMs <= 50; elapsedMs += 1) {
          bench.clock.advance(1);
          await bench.turnMicrotasks();
        }
        for (const [index, limitMs] of limits.entries())
          assert.equal(endedAtMs.get(index), limitMs);
      },
    ),
    { numRuns: 50 },
  );
});
