import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readArrivalLaw } from './arrival-law.ts';

describe('readArrivalLaw()', () => {
  test('reads laws that are told their rate', () => {
    for (const [text, arrival] of [
      ['poisson', { kind: 'poisson', rate: 5 }],
      ['constant', { kind: 'constant', rate: 5 }],
      ['gamma:0.5', { kind: 'gamma', rate: 5, burstiness: 0.5 }],
      ['bursts:2s,500ms', { kind: 'bursts', rate: 5, onMs: 2_000, offMs: 500 }],
    ] as const) {
      const law = readArrivalLaw(text);
      assert.ok(law.kind === 'atRate');
      assert.deepEqual(law.at(5), arrival);
    }
  });

  test('reads laws that have rates of their own', () => {
    assert.deepEqual(readArrivalLaw('ramp:10,200'), {
      kind: 'own',
      arrival: { kind: 'ramp', fromRate: 10, toRate: 200 },
      durationMs: undefined,
    });
    const steps = [
      { rate: 50, durationMs: 10_000 },
      { rate: 0, durationMs: 500 },
    ];
    assert.deepEqual(readArrivalLaw('steps:50@10s,0@500ms'), {
      kind: 'own',
      arrival: { kind: 'steps', steps },
      durationMs: 10_500,
    });
    assert.deepEqual(readArrivalLaw('trace:a:b.csv'), { kind: 'traceFile', file: 'a:b.csv' });
  });

  test('refuses what is no law', () => {
    for (const text of ['', 'gamma', 'gamma:0', 'bursts:1s', 'ramp:1', 'steps:5', 'poisson:3']) {
      assert.throws(() => readArrivalLaw(text), /is no law of arrival: write poisson/, text);
    }
    assert.throws(() => readArrivalLaw('poison'), /did you mean 'poisson'/);
  });
});
