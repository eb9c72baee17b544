import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRun } from '../../testing/load-run.ts';
import { serverNames } from '../comparison/comparison-rows.ts';
import { compareRuns } from '../comparison/compare-runs.ts';
import { comparisonSection } from './comparison-section.ts';
import { reportHtml } from './report-html.ts';

function run(extra: number) {
  return loadRun(
    Array.from({ length: 200 }, (_, row) => ({
      intendedMs: row,
      endMs: row + 10 + (row % 9) + extra,
    })),
  );
}

test('comparisonSection() draws the shift function with its interval, and both spectra', () => {
  const pairs = [0, 1, 2].map((place) => ({ first: run(place), second: run(place + 4) }));
  const section = comparisonSection(compareRuns(pairs), pairs, ['old', '<new>']);
  const [shift, spectra] = section.charts ?? [];
  assert.deepEqual(shift?.series[0]?.y.slice(0, 2), [4, 4]);
  assert.equal(shift?.series[1]?.x.length, 20);
  assert.deepEqual(
    spectra?.series.map(({ name }) => name),
    ['old', '<new>', 'interval of old'],
  );
  const html = reportHtml({ title: 'x', facts: [], sections: [section] });
  assert.ok(html.includes('&lt;new&gt; against old') && !html.includes('<new>'));
});

test('serverNames() tells servers of one address apart', () => {
  assert.deepEqual(serverNames('a', 'b'), ['a', 'b']);
  assert.deepEqual(serverNames('a', 'a'), ['first', 'second']);
});
