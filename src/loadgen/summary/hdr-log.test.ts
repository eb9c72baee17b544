import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRun } from '../../testing/load-run.ts';
import { createHdrHistogram } from './hdr-histogram.ts';
import { hdrLogLines } from './hdr-log.ts';

test('hdrLogLines() writes a histogram of each time for every second', () => {
  const run = loadRun(
    [
      { intendedMs: 0, endMs: 500 },
      { intendedMs: 1000, sentMs: 1001, endMs: 1005 },
      { intendedMs: 1500, endMs: 1501, outcome: 'failed' },
      { intendedMs: 3100, endMs: 3102 },
    ],
    { warmupMs: 1000 },
  );
  const lines = [...hdrLogLines(run)];
  assert.equal(lines[1], '#[Histogram log format version 1.3]');
  assert.equal(
    lines[2],
    '#[StartTime: 1800000000.000 (seconds since epoch), 2027-01-15T08:00:00.000Z]',
  );
  const histogram = createHdrHistogram();
  histogram.record(5e6);
  const base64 = histogram.encode().toString('base64');
  assert.equal(lines[5], `Tag=latency,1.000,1.000,5.000,${base64}`);
  assert.deepEqual(
    lines.slice(6).map((line) => line.split(',').slice(0, 4).join(',')),
    [
      'Tag=service,1.000,1.000,4.000',
      'Tag=latency,3.000,1.000,2.000',
      'Tag=service,3.000,1.000,2.000',
    ],
  );
});

test('hdrLogLines() takes longer intervals for a long run, and nothing for an empty one', () => {
  const rows = Array.from({ length: 1201 }, (_, second) => ({ intendedMs: second * 1000 }));
  const lines = [...hdrLogLines(loadRun(rows))].slice(5);
  assert.ok(
    lines.every((line) => line.split(',')[2] === '2.000' || line.split(',')[2] === '3.000'),
  );
  assert.ok(lines.length <= 1202);
  assert.equal([...hdrLogLines(loadRun([]))].length, 5);
});
