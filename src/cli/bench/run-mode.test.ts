import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFinding } from './format-finding.ts';
import { type Measurement, countedAmong, runMode } from './run-mode.ts';
import type { BenchMode, Load } from './bench-mode.ts';

const amountOf = (load: Load): number =>
  load.kind === 'rate' ? load.ratePerSecond : load.kind === 'concurrency' ? load.concurrency : 0;

/** A server that holds its bound up to a load, and a generator that keeps up to another one. */
function measuring(serverLimit: number, generatorLimit: number) {
  return (load: Load): Promise<Measurement> => {
    const amount = amountOf(load);
    const reached = Math.min(amount, serverLimit);
    return Promise.resolve({
      load,
      isValid: amount <= generatorLimit,
      isWithin: amount <= serverLimit,
      throughputPerSecond: reached * 10,
      medianMs: 100 * (amount / reached),
    });
  };
}

async function outcomeOf(mode: BenchMode, measure: ReturnType<typeof measuring>) {
  const judgeScenario = (): never => assert.fail('this is no scenario');
  const outcome = await runMode(mode, { measure, judgeScenario, isStopped: () => false });
  return {
    finding: outcome.finding,
    loads: outcome.measured.map(({ load }) => amountOf(load)),
    isCounted: countedAmong(outcome).every(({ isValid }) => isValid),
    text: formatFinding(outcome.finding).join(),
  };
}

const search = { kind: 'search', of: 'concurrency', startLoad: 4 } as const;

test('runMode() finds the highest load, however late the generator is far beyond it', async () => {
  const { finding, loads, isCounted, text } = await outcomeOf(search, measuring(9, 15));
  assert.deepEqual(loads, [4, 8, 16, 11, 9, 10]);
  assert.deepEqual(finding, {
    kind: 'highest',
    of: 'concurrency',
    within: 9,
    beyond: 10,
    invalidLoads: [],
  });
  assert.equal(isCounted, true);
  assert.match(text, /highest load that holds the bound is 9 in flight; 10 in flight does not/);
});

test('runMode() does not take the limit of the generator for that of the server', async () => {
  const { finding, isCounted, text } = await outcomeOf(search, measuring(9, 9));
  assert.partialDeepStrictEqual(finding, { within: 9, beyond: 10, invalidLoads: [10] });
  assert.equal(isCounted, false);
  assert.match(text, /holds at 9 in flight; .* generator could not keep up at 10 in flight/);
  const none = await outcomeOf({ ...search, startLoad: 1 }, measuring(0.5, 0.5));
  assert.equal(none.isCounted, false);
  assert.match(none.text, /No load is known .* could not keep up at 1 in flight/);
});

test('runMode() ends a search where the generator is late though the bound holds', async () => {
  const { finding, isCounted, text } = await outcomeOf(search, measuring(100, 9));
  assert.deepEqual(finding, { kind: 'unknown', of: 'concurrency', invalidLoad: 16 });
  assert.equal(isCounted, false);
  assert.match(text, /The search ended at 16 in flight, .* generator could not keep up/);
});

test('runMode() finds the knee, and says when the generator was late next to it', async () => {
  const knee = { kind: 'knee', maxConcurrency: 64 } as const;
  const found = await outcomeOf(knee, measuring(8, 31));
  assert.deepEqual(found.finding, { kind: 'knee', concurrency: 8, invalidLoads: [] });
  assert.equal(found.isCounted, true);
  const late = await outcomeOf(knee, measuring(8, 8));
  assert.partialDeepStrictEqual(late.finding, { kind: 'knee', concurrency: 8 });
  assert.equal(late.isCounted, false);
  assert.match(late.text, /knee is not known: .* 8 in flight, and the generator could not keep up/);
});

test('runMode() measures every load of a sweep, and all of them count', async () => {
  const loads = [1, 2, 3].map((concurrency) => ({ kind: 'concurrency', concurrency }) as const);
  const outcome = await outcomeOf({ kind: 'sweep', loads }, measuring(9, 2));
  assert.deepEqual(outcome.loads, [1, 2, 3]);
  assert.deepEqual([outcome.finding, outcome.isCounted], [{ kind: 'none' }, false]);
});
