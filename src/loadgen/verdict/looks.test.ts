import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planProofPieces } from '../search/proof-pieces.ts';
import { splitSpending } from './alphas.ts';
import { onlyLook, proofLooks } from './looks.ts';

test('the looks of a proof spend all of the error, and no more', () => {
  for (const looks of [proofLooks, [onlyLook]]) {
    assert.ok(Math.abs(looks.reduce((sum, { spends }) => sum + spends, 0) - 1) < 1e-12);
    assert.equal(looks.at(-1)?.at, 1);
  }
});

test('no more than an eighth of a proof goes on between two looks, each at the end of a run', () => {
  let measured = 0;
  const ends = planProofPieces(1).map((share) => (measured += share));
  let before = 0;
  for (const { at } of proofLooks) {
    assert.ok(at - before <= 1 / 8 + 1e-12);
    assert.ok(ends.some((end) => Math.abs(end - at) < 1e-12));
    before = at;
  }
});

test('tests that can refute an SLO share what a look may spend', () => {
  for (const clauseCount of [1, 2, 5]) {
    const { upper, lower, overload } = splitSpending(0.04, clauseCount);
    assert.equal(upper, 0.04);
    assert.ok(Math.abs(clauseCount * (lower + overload) - 0.04) < 1e-12);
  }
});
