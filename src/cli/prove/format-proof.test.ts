import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import type { Proof } from '../../loadgen/search/run-proof.ts';
import type { Verdict } from '../../loadgen/verdict/verdict.ts';
import { createStyle } from '../style.ts';
import { findingOf, formatProof, partName, setAsideText } from './format-proof.ts';

const open: Verdict = {
  kind: 'notEnoughData',
  confidence: 0.95,
  clauses: [],
  reason: 'too few',
  secondsNeeded: 7,
  isRising: false,
  invalidReasons: [],
};

function proofOf(ending: Proof<Verdict>['ending'], changed: Partial<Proof<Verdict>> = {}) {
  const proof = {
    verdict: open,
    runs: [],
    setAsideCount: 0,
    ending,
    invalidReasons: [],
    ...changed,
  };
  const claim = { slo: parseSlo('rate=1,p99=1ms'), confidence: 0.95 };
  const style = createStyle(new PassThrough(), {});
  return { finding: findingOf(proof), lines: formatProof(proof, claim, style) };
}

test('a proof whose generator could not keep up is invalid, and says why', () => {
  const { finding, lines } = proofOf('invalid', {
    invalidReasons: ['the generator was late'],
    setAsideCount: 3,
  });
  assert.equal(finding, 'invalid');
  assert.deepEqual(lines.slice(0, 3), [
    'INVALID  p99=1ms,rate=1 at 95 % confidence',
    '  the generator was late',
    '',
  ]);
  assert.equal(lines.at(-1), '  3 more do not count: the generator did not keep up');
});

test('a proof of too little data says how much is missing', () => {
  const { finding, lines } = proofOf('time over');
  assert.equal(finding, 'notEnoughData');
  assert.deepEqual(lines.slice(0, 3), [
    'NOT ENOUGH DATA  p99=1ms,rate=1 at 95 % confidence',
    '  too few',
    '  about 7 s more are needed if it goes on like this: raise --duration',
  ]);
});

test('a proof that a rise keeps open does not ask for more seconds', () => {
  const { lines } = proofOf('time over', {
    verdict: {
      ...open,
      reason: 'latency is still rising',
      secondsNeeded: undefined,
      isRising: true,
    },
  });
  assert.deepEqual(lines.slice(1, 3), [
    '  latency is still rising',
    '  more of the same does not prove it: find what grows (a queue, a cache, memory), or let it settle in a longer --warmup',
  ]);
});

test('a proof that was stopped is not asked to be longer', () => {
  const { lines } = proofOf('stopped');
  assert.deepEqual(lines.slice(2, 4), [
    '  stopped before its time',
    '  about 7 s more are needed if it goes on like this',
  ]);
});

test('parts that do not count are told, and how often one was measured', () => {
  assert.equal(
    setAsideText({ number: 2 }, ['the generator was late'], 1),
    'part 2 does not count, the generator was late; measuring it again, 1 try left',
  );
  assert.deepEqual(
    [1, 2].map((tryCount) => partName({ number: 2, tryCount })),
    ['part 2', 'part 2, try 2'],
  );
});
