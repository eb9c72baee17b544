import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRun } from '../../testing/load-run.ts';
import type { BenchPlan } from './bench-plan.ts';
import { runComparison } from './run-comparison.ts';

/** Compares for three pairs, and is stopped in the run with this number. */
async function compareUntil(stopIn: number) {
  const names: string[] = [];
  const load = { kind: 'concurrency', concurrency: 1 } as const;
  const plan: BenchPlan = {
    mode: { kind: 'single', load },
    law: { kind: 'atRate', at: (rate: number) => ({ kind: 'poisson', rate }) },
    slo: undefined,
    warmupMs: 0,
    durationMs: 100,
  };
  const session = {
    measure(name: string) {
      names.push(name);
      const rows = Array.from({ length: 40 }, (_, row) => ({ intendedMs: row, endMs: row + 5 }));
      return Promise.resolve(loadRun(rows));
    },
  };
  const isStopped = (): boolean => names.length >= stopIn;
  const { pairs } = await runComparison(session, plan, { load, seed: 1, pairCount: 3, isStopped });
  return { names, pairCount: pairs.length };
}

test('runComparison() measures in turns, and which one goes first changes', async () => {
  const { names, pairCount } = await compareUntil(Infinity);
  assert.equal(pairCount, 3);
  assert.deepEqual(names, [
    'pair 1 first',
    'pair 1 second',
    'pair 2 second',
    'pair 2 first',
    'pair 3 first',
    'pair 3 second',
  ]);
});

test('runComparison() does not measure the other side when it is stopped in a pair', async () => {
  const { names, pairCount } = await compareUntil(3);
  assert.deepEqual(names, ['pair 1 first', 'pair 1 second', 'pair 2 second']);
  assert.equal(pairCount, 1);
});
