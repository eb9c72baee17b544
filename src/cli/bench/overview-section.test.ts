import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from '../../loadgen/summary/summarize.ts';
import { loadRun } from '../../testing/load-run.ts';
import type { ShownRun } from './format-bench.ts';
import { overviewSections } from './overview-section.ts';

function shown(ratePerSecond: number, latencyMs: number): ShownRun {
  const rows = Array.from({ length: 100 }, (_, row) => {
    return { intendedMs: row * 10, endMs: row * 10 + latencyMs };
  });
  const load = { kind: 'rate', ratePerSecond } as const;
  return { load, summary: summarize(loadRun(rows)), llm: undefined, isWithin: latencyMs < 5 };
}

test('overviewSections() lists all loads with what was found, and draws them in order', () => {
  const runs = [shown(200, 8), shown(100, 2)];
  const finding = {
    kind: 'highest',
    of: 'rate',
    within: 100,
    beyond: 200,
    invalidLoads: [],
  } as const;
  const [section] = overviewSections(runs, finding);
  assert.match(section?.texts?.[0] ?? '', /100\/s/);
  assert.deepEqual(
    section?.tables?.[0]?.rows.map(([load]) => load),
    ['200/s', '100/s'],
  );
  const [median] = section?.charts?.[0]?.series ?? [];
  assert.deepEqual(
    [median?.x, median?.y],
    [
      [100, 200],
      [2, 8],
    ],
  );
});

test('overviewSections() adds nothing to one run that found nothing', () => {
  assert.deepEqual(overviewSections([shown(100, 2)], { kind: 'none' }), []);
});
