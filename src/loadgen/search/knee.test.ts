import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type MeasuredConcurrency, planKnee } from './knee.ts';

/** A server that works on `servers` requests at once, 10 ms each. */
function measure(servers: number, concurrency: number): MeasuredConcurrency {
  const throughputPerSecond = 100 * Math.min(servers, concurrency);
  return { concurrency, throughputPerSecond, latencyMs: (concurrency / throughputPerSecond) * 1e3 };
}

function kneeOf(servers: number, maxConcurrency = 1_024): { found: number; runs: number } {
  const measured: MeasuredConcurrency[] = [];
  for (;;) {
    const step = planKnee(measured, maxConcurrency);
    if (step.kind === 'found') return { found: step.concurrency, runs: measured.length };
    assert.ok(!measured.some(({ concurrency }) => concurrency === step.concurrency));
    assert.ok(step.concurrency <= maxConcurrency);
    measured.push(measure(servers, step.concurrency));
  }
}

describe('planKnee()', () => {
  test('finds where more in flight only waits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (servers) => {
        const { found, runs } = kneeOf(servers);
        assert.ok(found >= servers / 1.5 && found <= servers * 1.5, `${found} for ${servers}`);
        assert.ok(runs <= 20);
      }),
    );
  });

  test('does not go beyond what is allowed', () => {
    assert.equal(kneeOf(200, 24).found, 24);
  });
});
