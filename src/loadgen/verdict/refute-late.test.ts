import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import { createRandom, nextExponential } from '../../core/statistics/random.ts';
import { type LoadRun, outcomes } from '../samples.ts';
import { isMerelyLate, refuteLate } from './refute-late.ts';

const slo = parseSlo('rate=100,p99=100ms');
const claim = { slo, confidence: 0.95 };

interface Made {
  readonly serviceMs: number;
  /** The generator sleeps so long, now and then, and then sends all that is due, and sees what came. */
  readonly stallMs: number;
  readonly seed?: number;
}

/** Poisson load of a generator that stalls, on a server that works on one request after the other. */
function stalledRun({ serviceMs, stallMs, seed = 1 }: Made): LoadRun {
  const random = createRandom(seed);
  const due: number[] = [];
  const sent: number[] = [];
  const ended: number[] = [];
  let freeMs = 0;
  // Awake for 500 ms, then asleep.
  const awakeAt = (atMs: number): number => {
    const inTurn = atMs % (500 + stallMs);
    return inTurn < 500 ? atMs : atMs - inTurn + 500 + stallMs;
  };
  for (let atMs = nextExponential(random) * 10; atMs < 12_000;) {
    const sentMs = awakeAt(atMs);
    freeMs = Math.max(freeMs, sentMs) + serviceMs;
    due.push(atMs);
    sent.push(sentMs);
    ended.push(awakeAt(freeMs));
    atMs += nextExponential(random) * 10;
  }
  const endMs = Float64Array.from(ended);
  return {
    samples: {
      count: due.length,
      intendedMs: Float64Array.from(due),
      sentMs: Float64Array.from(sent),
      firstByteMs: endMs,
      endMs,
      outcome: new Uint8Array(due.length),
      queueMs: new Float32Array(due.length),
      computeMs: new Float32Array(due.length),
    },
    loop: 'open',
    warmupMs: 1_000,
    durationMs: 11_000,
    reasons: new Map(),
    startedAtUnixMs: 0,
  };
}

/** The run with other outcomes. */
function ending(run: LoadRun, outcome: 'rejected' | 'timeout' | 'dropped'): LoadRun {
  const all = new Uint8Array(run.samples.count).fill(outcomes.indexOf(outcome));
  return { ...run, samples: { ...run.samples, outcome: all } };
}

describe('refuteLate()', () => {
  test('refutes what is far beyond the server, however late the generator was', () => {
    const runs = [1, 2, 3].map((seed) => stalledRun({ serviceMs: 28, stallMs: 30, seed }));
    assert.ok(runs.every(isMerelyLate));
    const verdict = refuteLate(runs, claim);
    assert.ok(verdict?.kind === 'refuted' && verdict.isOverloaded);
    assert.match(
      verdict.reason,
      /^the generator was late, by (?:29|30)\.\d ms at most, .* the load is beyond the server, .*p99=100ms: \d+ of \d+ missed; at least/,
    );
    assert.equal(
      refuteLate(
        runs.map((run) => ending(run, 'timeout')),
        claim,
      )?.kind,
      'refuted',
    );
  });

  test('does not take the misses of the generator for those of the server', () => {
    // Without stalls no request would take 100 ms; with them more than 1 in 100 does, in bursts.
    const runs = [1, 2, 3].map((seed) => stalledRun({ serviceMs: 5, stallMs: 150, seed }));
    const late = runs[0]?.samples;
    const misses = late?.endMs.filter((endMs, row) => endMs - (late.intendedMs[row] ?? 0) > 100);
    assert.ok((misses?.length ?? 0) > 0.03 * (late?.count ?? 0));
    assert.equal(refuteLate(runs, claim), undefined);
  });

  test('takes off no less than stalls add, whatever they are', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const made = { serviceMs: 4 + (seed % 6), seed };
      const stalled = stalledRun({ ...made, stallMs: 10 + 7 * seed });
      const steady = stalledRun({ ...made, stallMs: 0 }).samples;
      const { samples } = stalled;
      const lagMs = Math.max(
        ...samples.sentMs.map((ms, row) => ms - (samples.intendedMs[row] ?? 0)),
      );
      const stallMs = Math.max(lagMs, 10 + 7 * seed);
      samples.endMs.forEach((endMs, row) => {
        assert.ok(endMs - lagMs - stallMs <= (steady.endMs[row] ?? 0) + 1e-6);
      });
    }
  });

  test('concludes nothing from what was refused, dropped or lost', () => {
    const run = stalledRun({ serviceMs: 28, stallMs: 30 });
    const quick = { ...run, samples: { ...run.samples, endMs: run.samples.sentMs } };
    assert.equal(refuteLate([ending(quick, 'rejected')], claim), undefined);
    assert.equal(refuteLate([ending(run, 'dropped')], claim), undefined);
    assert.equal(refuteLate([{ ...run, lostGeneratorCount: 1 }], claim), undefined);
    assert.equal(refuteLate([{ ...run, loop: 'closed' }], claim), undefined);
    assert.equal(refuteLate([], claim), undefined);
  });

  test('says nothing of gaps between tokens, which may be the generator’s own', () => {
    const run = stalledRun({ serviceMs: 28, stallMs: 30 });
    const gaps = { slo: parseSlo('rate=100,itl.p99=1ms'), confidence: 0.95 };
    assert.equal(refuteLate([run], gaps), undefined);
  });
});
