import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Arrival } from './arrival.ts';
import { makeSchedule } from './make-schedule.ts';

const options = { seed: 7, warmupMs: 0, durationMs: 100_000 };

const times = (arrival: Arrival, given: Partial<typeof options> = {}): number[] => [
  ...makeSchedule(arrival, { ...options, ...given }).intendedMs,
];

/** How many of the times are from `fromMs` to before `toMs`. */
const countBetween = (all: readonly number[], fromMs: number, toMs: number): number =>
  all.filter((atMs) => atMs >= fromMs && atMs < toMs).length;

function gapsOf(all: readonly number[]): { readonly meanMs: number; readonly variation: number } {
  const gaps = all.slice(1).map((atMs, index) => atMs - (all[index] ?? 0));
  const meanMs = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - meanMs) ** 2, 0) / gaps.length;
  return { meanMs, variation: Math.sqrt(variance) / meanMs };
}

/** Within a share of what is expected. */
function assertNear(value: number, expected: number, share: number): void {
  assert.ok(Math.abs(value - expected) <= share * expected, `${value} is not near ${expected}`);
}

const rate = fc.double({ min: 0.1, max: 50, noNaN: true });
const arrivals: fc.Arbitrary<Arrival> = fc.oneof(
  fc.record({ kind: fc.constantFrom('poisson' as const, 'constant' as const), rate }),
  fc.record({ kind: fc.constant('gamma' as const), rate, burstiness: rate }),
  fc.record({
    kind: fc.constant('bursts' as const),
    rate,
    onMs: fc.integer({ min: 1, max: 3000 }),
    offMs: fc.nat(3000),
  }),
  fc.record({ kind: fc.constant('ramp' as const), fromRate: rate, toRate: rate }),
  fc.record({
    kind: fc.constant('steps' as const),
    steps: fc.array(fc.record({ rate, durationMs: fc.integer({ min: 1, max: 5000 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
);

test('makeSchedule() never goes back, stays inside the run, and repeats itself for a seed', () => {
  const run = fc.record({
    seed: fc.integer(),
    warmupMs: fc.nat(3000),
    durationMs: fc.integer({ min: 1, max: 10_000 }),
  });
  fc.assert(
    fc.property(arrivals, run, (arrival, given) => {
      const all = times(arrival, given);
      for (const [index, atMs] of all.entries()) {
        assert.ok(atMs >= (all[index - 1] ?? 0));
        assert.ok(atMs < given.warmupMs + given.durationMs);
      }
      assert.deepEqual(times(arrival, given), all);
    }),
  );
});

test('makeSchedule() gives another schedule for another seed', () => {
  const arrival: Arrival = { kind: 'poisson', rate: 100 };
  assert.notDeepEqual(times(arrival, { seed: 8 }), times(arrival));
});

test('makeSchedule() keeps even gaps at a constant rate', () => {
  assert.deepEqual(times({ kind: 'constant', rate: 4 }, { durationMs: 1000 }), [0, 250, 500, 750]);
});

test('makeSchedule() spreads gaps as Poisson and gamma arrivals do', () => {
  const poisson = gapsOf(times({ kind: 'poisson', rate: 200 }));
  assertNear(poisson.meanMs, 5, 0.03);
  assertNear(poisson.variation, 1, 0.03);
  for (const burstiness of [0.25, 1, 4]) {
    const gamma = gapsOf(times({ kind: 'gamma', rate: 200, burstiness }));
    assertNear(gamma.meanMs, 5, 0.05);
    assertNear(gamma.variation, 1 / Math.sqrt(burstiness), 0.05);
  }
});

test('makeSchedule() sends nothing between bursts', () => {
  const all = times({ kind: 'bursts', rate: 500, onMs: 2000, offMs: 3000 });
  assertNear(all.length, 20_000, 0.03);
  assert.ok(all.every((atMs) => atMs % 5000 <= 2000));
});

test('makeSchedule() warms up with the first rate of a ramp, and then moves evenly', () => {
  const ramp: Arrival = { kind: 'ramp', fromRate: 100, toRate: 300 };
  const all = times(ramp, { warmupMs: 50_000 });
  assertNear(countBetween(all, 0, 50_000), 5000, 0.05);
  assertNear(countBetween(all, 50_000, 60_000), 1100, 0.1);
  assertNear(countBetween(all, 140_000, 150_000), 2900, 0.1);
  const down = times({ kind: 'ramp', fromRate: 200, toRate: 0 });
  assertNear(down.length, 10_000, 0.05);
});

test('makeSchedule() takes the steps one after the other, and stays on the last', () => {
  const steps = [
    { rate: 100, durationMs: 20_000 },
    { rate: 0, durationMs: 10_000 },
    { rate: 300, durationMs: 10_000 },
  ];
  const all = times({ kind: 'steps', steps }, { warmupMs: 10_000 });
  assertNear(countBetween(all, 0, 30_000), 3000, 0.07);
  assert.equal(countBetween(all, 30_000, 40_000), 0);
  assertNear(countBetween(all, 40_000, 110_000), 21_000, 0.05);
});

test('makeSchedule() takes a trace as far as the run goes', () => {
  const trace = { intendedMs: Float64Array.of(0, 5, 9, 20), inputs: Uint32Array.of(3, 2, 1, 0) };
  const schedule = makeSchedule({ kind: 'trace', trace }, { ...options, durationMs: 20 });
  assert.deepEqual(schedule, {
    ...options,
    durationMs: 20,
    intendedMs: Float64Array.of(0, 5, 9),
    inputs: Uint32Array.of(3, 2, 1),
  });
});

test('makeSchedule() refuses what no schedule can be made of', () => {
  const refused = (arrival: Arrival, message: RegExp, given = {}): void => {
    assert.throws(() => times(arrival, given), message);
  };
  refused({ kind: 'poisson', rate: 0 }, /The rate must be above 0 requests per second, and is 0\./);
  refused(
    { kind: 'gamma', rate: 1, burstiness: Number.NaN },
    /The burstiness must be above 0, and/,
  );
  refused({ kind: 'steps', steps: [] }, /The load has no steps/);
  refused({ kind: 'steps', steps: [{ rate: 1, durationMs: 0 }] }, /The duration of step 1 must/);
  const endless = { durationMs: 1e12 };
  refused({ kind: 'poisson', rate: 1 }, /The duration must be/, { durationMs: 0 });
  refused({ kind: 'constant', rate: 1e9 }, /more than 50000000 requests: lower the rate/, endless);
});
