import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Slo, parseSlo } from '../../core/slo.ts';
import { createRandom, nextExponential } from '../../core/statistics/random.ts';
import { planProofPieces } from '../search/proof-pieces.ts';
import { type LoadRun, outcomes } from '../samples.ts';
import { createJudge } from './judge.ts';
import type { Verdict } from './verdict.ts';

const slo: Slo = parseSlo('p99=100ms,rate=100');

function judge(
  runs: readonly LoadRun[],
  ofSlo: Slo,
  confidence: number,
  plannedMs?: number,
): Verdict {
  const options = plannedMs === undefined ? {} : { plannedMs };
  const judging = createJudge({ slo: ofSlo, confidence, ...options });
  return judging.judge(runs) ?? judging.leaveOpen(runs);
}

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

/** A proof of a server that works on one request after the other, 10 ms each, under Poisson load. */
function proofRuns(seed: number, utilisation: number): LoadRun[] {
  return planProofPieces(200_000).map((durationMs, piece) => {
    const random = createRandom(seed * 100 + piece);
    const due: number[] = [];
    const ms: number[] = [];
    let freeMs = 0;
    for (let atMs = 0; ;) {
      atMs += (nextExponential(random) * 10) / utilisation;
      if (atMs > durationMs + 2_000) break;
      freeMs = Math.max(freeMs, atMs) + 10;
      due.push(atMs);
      ms.push(freeMs - atMs);
    }
    const run = makeRun({ seconds: 0, latencyMs: () => 0 });
    const intendedMs = Float64Array.from(due);
    const endMs = intendedMs.map((atMs, row) => atMs + (ms[row] ?? 0));
    const outcome = new Uint8Array(due.length);
    const timed = { count: due.length, intendedMs, sentMs: intendedMs, firstByteMs: endMs, endMs };
    return { ...run, samples: { ...run.samples, ...timed, outcome }, warmupMs: 2_000, durationMs };
  });
}

/** Streamed answers of so many chunks, 10 ms apart but for the late gaps, at 10 requests a second. */
function makeStreams(
  requestCount: number,
  isOk: (row: number) => boolean,
  chunkCount = 101,
): LoadRun {
  const run = makeRun({ seconds: requestCount / 10, ratePerSecond: 10, latencyMs: () => 5 });
  const starts = Uint32Array.from({ length: requestCount + 1 }, (_, row) => row * chunkCount);
  const chunkMs = Float64Array.from(
    { length: requestCount * chunkCount },
    (_, place) => Math.floor(place / chunkCount) * 100 + (place % chunkCount) * 10,
  );
  const none = new Uint32Array(requestCount);
  const stream = {
    starts,
    chunkMs,
    chunkTokens: new Uint16Array(chunkMs.length).fill(1),
    promptTokens: none,
    outputTokens: none,
  };
  const outcome = Uint8Array.from({ length: requestCount }, (_, row) =>
    outcomes.indexOf(isOk(row) ? 'ok' : 'rejected'),
  );
  return { ...run, samples: { ...run.samples, outcome, stream } };
}

describe('judge() of gaps between tokens', () => {
  const gaps = parseSlo('rate=10,itl.p99=50ms');

  test('refutes a server that refuses every tenth request, however good its gaps are', () => {
    const verdict = judge([makeStreams(2_000, (row) => row % 10 !== 3)], gaps, 0.95);
    assert.equal(verdict.kind, 'refuted');
    assert.match(verdict.reason, /20000 of 200000 missed/);
  });

  test('refutes one that refuses all for a tenth of the time', () => {
    const runs = Array.from({ length: 10 }, (_, run) => makeStreams(400, () => run % 9 !== 4));
    assert.notEqual(judge(runs, gaps, 0.95).kind, 'proved');
    const [found] = judge(runs, gaps, 0.95).clauses;
    assert.ok(found !== undefined && found.missCount / found.requestCount > 0.09);
  });

  test('proves no more than the number of requests allows, however many gaps they have', () => {
    // 367 requests without a failure leave a share of 1 % possible at 97.5 %, gaps the rest.
    assert.equal(judge([makeStreams(360, () => true)], gaps, 0.95).kind, 'notEnoughData');
    assert.equal(judge([makeStreams(400, () => true)], gaps, 0.95).kind, 'proved');
  });
});

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

  test('does not prove what gets slower all the time, and asks for no more of it', () => {
    const latencyMs = (row: number, atMs: number) => 5 + atMs * 1e-3 + (row % 3);
    const verdict = judge([makeRun({ seconds: 60, latencyMs })], slo, 0.95);
    assert.ok(verdict.kind === 'notEnoughData' && verdict.isRising);
    assert.equal(verdict.secondsNeeded, undefined);
    assert.match(verdict.reason, /still rising, and would reach the limit of p99=100ms/);
  });

  test('sees a rise that begins anew in every run', () => {
    const latencyMs = (row: number, atMs: number) => 5 + atMs * 4e-3 + (row % 3);
    const runs = Array.from({ length: 4 }, () => makeRun({ seconds: 15, latencyMs }));
    const verdict = judge(runs, slo, 0.95);
    assert.ok(verdict.kind === 'notEnoughData' && verdict.isRising);
  });

  test('proves what gets slower and would not reach the limit in the time planned', () => {
    const random = createRandom(1);
    const latencyMs = (_: number, atMs: number) => 10 * random.next() + atMs / 60_000;
    assert.equal(judge([makeRun({ seconds: 60, latencyMs })], slo, 0.95).kind, 'proved');
  });

  test('practically never takes a steady server for one that gets slower', () => {
    let rising = 0;
    for (let seed = 0; seed < 50; seed += 1) {
      const runs = proofRuns(seed, 0.6);
      const verdict = judge(runs, parseSlo('rate=60,p99=52ms'), 0.95, 200_000);
      if (verdict.kind === 'notEnoughData' && verdict.isRising) rising += 1;
    }
    assert.ok(rising <= 1, `${rising} of 50`);
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
        const asked = createJudge({ slo, confidence: 0.95, plannedMs: 40_000 });
        for (const [place, verdict] of verdicts.entries()) {
          const some = runs.slice(0, place + 1);
          assert.deepEqual(asked.judge(some) ?? asked.leaveOpen(some), verdict);
        }
        const decided = verdicts.findIndex(({ kind }) => kind !== 'notEnoughData');
        if (decided < 0) return;
        for (const later of verdicts.slice(decided)) assert.deepEqual(later, verdicts[decided]);
      }),
      { numRuns: 15 },
    );
  });

  test('errs no more often than it says at the threshold, with all its looks', () => {
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
