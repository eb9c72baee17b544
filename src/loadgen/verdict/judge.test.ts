import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Slo, parseSlo } from '../../core/slo.ts';
import { createRandom } from '../../core/statistics/random.ts';
import { type LoadRun, outcomes } from '../samples.ts';
import { judge } from './judge.ts';

const slo: Slo = parseSlo('p99=100ms,rate=100');

interface Made {
  readonly seconds: number;
  /** The latency of the request with this place; infinite for one that failed. */
  readonly latencyMs: (row: number, atMs: number) => number;
  readonly ratePerSecond?: number;
}

/** A run at a constant rate. */
function makeRun({ seconds, latencyMs, ratePerSecond = 100 }: Made): LoadRun {
  const count = seconds * ratePerSecond;
  const intendedMs = Float64Array.from(
    { length: count },
    (_, row) => (row * 1_000) / ratePerSecond,
  );
  const latencies = intendedMs.map((atMs, row) => latencyMs(row, atMs));
  const endMs = intendedMs.map((atMs, row) => atMs + (latencies[row] ?? 0));
  const outcome = Uint8Array.from(latencies, (ms) =>
    outcomes.indexOf(Number.isFinite(ms) ? 'ok' : 'rejected'),
  );
  const none = Float32Array.from(intendedMs, () => Number.NaN);
  return {
    samples: {
      count,
      intendedMs,
      sentMs: intendedMs.slice(),
      firstByteMs: endMs,
      endMs,
      outcome,
      queueMs: none,
      computeMs: none,
    },
    loop: 'open',
    warmupMs: 0,
    durationMs: seconds * 1_000,
    reasons: new Map(),
    startedAtUnixMs: 0,
  };
}

/** Latencies of which a share, drawn independently, is late. */
function drawn(seed: number, missShare: number, lateMs = 150): (row: number) => number {
  const random = createRandom(seed);
  return () => (random.next() < missShare ? lateMs : 90 * random.next());
}

describe('judge()', () => {
  test('proves what clearly holds, and refutes what clearly does not', () => {
    const verdictAt = (missShare: number) =>
      judge([makeRun({ seconds: 60, latencyMs: drawn(1, missShare) })], slo, 0.95);
    assert.equal(verdictAt(0).kind, 'proved');
    assert.equal(verdictAt(0.002).kind, 'proved');
    assert.equal(verdictAt(0.05).kind, 'refuted');
    const open = verdictAt(0.0098);
    assert.equal(open.kind, 'notEnoughData');
    assert.match(
      verdictAt(0.05).reason,
      /p99=100ms: \d+ of 6000 missed; at least [\d.]+ % miss it, and 1 % may/,
    );
  });

  test('counts every request that did not go well as a miss', () => {
    const latencyMs = drawn(2, 0.05, Infinity);
    assert.equal(judge([makeRun({ seconds: 60, latencyMs })], slo, 0.95).kind, 'refuted');
  });

  test('needs 299 requests without a miss at 95 %, and tells how long that takes', () => {
    const verdict = judge([makeRun({ seconds: 2, latencyMs: () => 5 })], slo, 0.95);
    assert.equal(verdict.kind, 'notEnoughData');
    assert.equal(verdict.secondsNeeded, 1);
    assert.equal(judge([makeRun({ seconds: 3, latencyMs: () => 5 })], slo, 0.95).kind, 'proved');
  });

  test('wants more where misses come in bursts', () => {
    // The same 30 misses in 6,000 requests: alone, or all in one burst.
    const alone = makeRun({ seconds: 60, latencyMs: (row) => (row % 200 === 7 ? 150 : 5) });
    const burst = makeRun({
      seconds: 60,
      latencyMs: (row) => (row >= 3_000 && row < 3_030 ? 150 : 5),
    });
    assert.equal(judge([alone], slo, 0.95).kind, 'proved');
    const verdict = judge([burst], slo, 0.95);
    assert.equal(verdict.kind, 'notEnoughData');
    const [found] = verdict.clauses;
    assert.ok(found !== undefined && found.binomialUpper < 0.01 && found.missShareUpper > 0.01);
  });

  test('names a load beyond the server, early', () => {
    const latencyMs = (_: number, atMs: number) => 5 + 0.1 * atMs;
    const verdict = judge([makeRun({ seconds: 10, latencyMs })], slo, 0.95, 40_000);
    assert.ok(verdict.kind === 'refuted' && verdict.isOverloaded);
    assert.match(verdict.reason, /beyond the server/);
  });

  test('does not prove what gets slower all the time', () => {
    const latencyMs = (row: number, atMs: number) => 5 + atMs * 1e-3 + (row % 3);
    const verdict = judge([makeRun({ seconds: 60, latencyMs })], slo, 0.95);
    assert.equal(verdict.kind, 'notEnoughData');
    assert.match(verdict.reason, /still rising/);
  });

  test('concludes nothing from a run that is not valid', () => {
    const good = makeRun({ seconds: 60, latencyMs: () => 5 });
    const late = makeRun({ seconds: 60, latencyMs: () => 5 });
    late.samples.sentMs.forEach((ms, row) => (late.samples.sentMs[row] = ms + 3));
    const slow = makeRun({ seconds: 60, latencyMs: () => 5, ratePerSecond: 50 });
    const refused: [LoadRun, RegExp][] = [
      [late, /the generator was late/],
      [slow, /the load was 50.0 requests a second, and the SLO is of 100/],
      [{ ...good, loop: 'closed' }, /requests waited for others/],
    ];
    for (const [run, message] of refused) {
      const verdict = judge([good, run], slo, 0.95);
      assert.ok(verdict.kind === 'notEnoughData' && message.test(verdict.invalidReasons.join()));
    }
    assert.equal(judge([], slo, 0.95).kind, 'notEnoughData');
  });

  test('keeps to a verdict while a proof goes on, and looks only when it said it would', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 0.005, 0.01, 0.02), (seed, missShare) => {
        const latencyMs = drawn(seed, missShare);
        const runs = Array.from({ length: 4 }, () => makeRun({ seconds: 10, latencyMs }));
        const verdicts = [1, 2, 3, 4].map((count) =>
          judge(runs.slice(0, count), slo, 0.95, 40_000),
        );
        const decided = verdicts.findIndex(({ kind }) => kind !== 'notEnoughData');
        if (decided < 0) return;
        for (const later of verdicts.slice(decided)) assert.deepEqual(later, verdicts[decided]);
      }),
      { numRuns: 15 },
    );
  });

  test('errs no more often than it says at the threshold, with four looks', () => {
    let [proved, refuted] = [0, 0];
    for (let seed = 0; seed < 120; seed += 1) {
      const { kind } = judge(
        [makeRun({ seconds: 40, latencyMs: drawn(seed + 0.5, 0.01) })],
        slo,
        0.9,
        40_000,
      );
      if (kind === 'proved') proved += 1;
      if (kind === 'refuted') refuted += 1;
    }
    assert.ok(proved <= 12 && refuted <= 12, `${proved} proved, ${refuted} refuted`);
  });

  test('must see every clause hold, and only one not', () => {
    const both = parseSlo('p50=50ms,p99=100ms');
    const run = makeRun({ seconds: 60, latencyMs: (row) => (row % 10 === 0 ? 60 : 5) });
    assert.equal(judge([run], both, 0.95).kind, 'proved');
    const slow = makeRun({ seconds: 60, latencyMs: (row) => (row % 10 === 0 ? 5 : 60) });
    assert.equal(judge([slow], both, 0.95).kind, 'refuted');
  });
});
