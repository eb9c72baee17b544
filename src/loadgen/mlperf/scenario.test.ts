import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ScenarioRun, judgeScenario } from './scenario.ts';

function runOf(count: number, late: number, rest: Partial<ScenarioRun> = {}): ScenarioRun {
  const ascendingMs = new Float64Array(count).fill(10).fill(20, count - late);
  return { ascendingMs, durationMs: 600_000, ratePerSecond: 100, boundMs: 15, ...rest };
}

describe('judgeScenario()', () => {
  test('accepts a server run by early stopping, and says how many queries are missing', () => {
    const good = judgeScenario('server', runOf(662, 1));
    assert.deepEqual([good.isValid, good.value, good.unit], [true, 100, 'samples/s']);
    const short = judgeScenario('server', runOf(600, 1));
    assert.match(short.reasons.join(), /needs 62 more queries/);
    const slow = judgeScenario('server', runOf(1_000, 20));
    assert.match(slow.reasons.join(), /20 of 1000 queries took longer than 15 ms/);
  });

  test('reports a latency from above for streams', () => {
    const { value, isValid } = judgeScenario('single-stream', runOf(64, 1));
    assert.deepEqual([value, isValid], [20, true]);
    const { value: none, reasons } = judgeScenario('multi-stream', runOf(100, 0));
    assert.equal(none, undefined);
    assert.match(reasons.join(), /800 samples; the rules want 5296/);
  });

  test('reports throughput offline, of what was answered', () => {
    const run = runOf(30_000, 0);
    assert.deepEqual(judgeScenario('offline', run).value, 50);
    const failed = { ...run, ascendingMs: run.ascendingMs.fill(Infinity, 29_990) };
    assert.match(judgeScenario('offline', failed).reasons.join(), /10 of 30000/);
  });

  test('does not accept a run that is too short', () => {
    const { isValid, reasons } = judgeScenario('server', runOf(662, 0, { durationMs: 59_900 }));
    assert.equal(isValid, false);
    assert.match(reasons.join(), /ran 59.9 s; the rules want 600 s/);
  });
});
