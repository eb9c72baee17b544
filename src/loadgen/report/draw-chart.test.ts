import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Axis, Chart } from './chart.ts';
import {
  axisPlace,
  axisText,
  axisTicks,
  axisValue,
  drawChart,
  drawSeries,
  escapeText,
  fullView,
  plotArea,
  valueRange,
} from './draw-chart.ts';

const linear: Axis = { label: 'x', scale: 'linear' };
const log: Axis = { label: 'ms', scale: 'log' };
const spectrum: Axis = { label: 'percentile', scale: 'spectrum' };

function chart(about: Partial<Chart> = {}): Chart {
  return {
    id: 'c',
    title: 'A chart',
    note: '',
    x: linear,
    y: linear,
    series: [
      { name: 'a', kind: 'line', x: [0, 10], y: [1, 3] },
      { name: 'b', kind: 'band', x: [0, 10], y: [8, 9], low: [4, 5] },
    ],
    ...about,
  };
}

const axisAndRange = fc
  .tuple(
    fc.constantFrom(linear, log, spectrum),
    fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
    fc.double({ min: 1.001, max: 1e6, noNaN: true }),
  )
  .map(([axis, from, factor]) => ({ axis, range: [from, from * factor] as const }));

test('axisValue() undoes axisPlace()', () => {
  fc.assert(
    fc.property(
      axisAndRange,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ axis, range }, place) => {
        const back = axisPlace(axis, axisValue(axis, place, range), range);
        assert.ok(Math.abs(back - place) < 1e-6);
      },
    ),
  );
});

test('axisTicks() gives some ticks, not too many, within the range and ascending', () => {
  fc.assert(
    fc.property(axisAndRange, ({ axis, range }) => {
      const ticks = axisTicks(axis, range);
      assert.ok(ticks.length >= 2 && ticks.length <= 14, String(ticks));
      for (const [place, tick] of ticks.entries()) {
        assert.ok(tick >= range[0] * (1 - 1e-9) && tick <= range[1] * (1 + 1e-9));
        assert.ok(place === 0 || tick > (ticks[place - 1] ?? NaN));
      }
    }),
  );
});

test('axisText() writes values, and percentiles with the digits they need', () => {
  assert.equal(axisText(linear, 0.1 + 0.2), '0.3');
  assert.deepEqual(
    [1, 2, 10, 100, 1000, 2000].map((value) => axisText(spectrum, value)),
    ['0%', '50%', '90%', '99%', '99.9%', '99.95%'],
  );
});

test('valueRange() spans what is shown, the marks too', () => {
  assert.deepEqual(valueRange(chart(), fullView(chart())), [0, 9.45]);
  assert.deepEqual(valueRange(chart(), { from: 0, to: 10, hidden: [1] }), [0, 3.15]);
  assert.deepEqual(valueRange(chart(), { from: 3, to: 4, hidden: [] }), [0, 1]);
  const marked = chart({ y: log, marks: [{ name: 'limit', y: 100 }] });
  assert.deepEqual(
    valueRange(marked, fullView(marked)).map((value) => Number(value.toFixed(3))),
    [0.909, 110],
  );
});

test('fullView() spans all series, and something where there is nothing', () => {
  assert.deepEqual(fullView(chart()), { from: 0, to: 10, hidden: [] });
  assert.deepEqual(fullView(chart({ series: [] })), { from: 1, to: 2, hidden: [] });
  const lone = chart({ series: [{ name: 'a', kind: 'points', x: [5], y: [1] }] });
  assert.ok(fullView(lone).to > 5);
});

test('drawSeries() draws lines, steps, points and bands', () => {
  const at = (x: number, y: number): string => `${x},${y}`;
  const [x, y] = [
    [1, 2],
    [3, 4],
  ];
  const draw = (kind: 'line' | 'steps' | 'points') => drawSeries({ name: '', kind, x, y }, 9, at);
  assert.equal(draw('line'), '<path class="line c1" d="M1,3L2,4"/>');
  assert.equal(draw('steps'), '<path class="line c1" d="M1,3L2,3L2,4"/>');
  assert.equal(draw('points'), '<path class="points c1" d="M1,3h0M2,4h0"/>');
  assert.equal(
    drawSeries({ name: '', kind: 'band', x, y, low: [0, 1] }, 0, at),
    '<path class="band c0" d="M1,3L2,4L2,1L1,0Z"/>',
  );
  assert.equal(drawSeries({ name: '', kind: 'line', x: [], y: [] }, 0, at), '');
});

test('drawChart() draws only numbers, whatever the values are', () => {
  const values = fc.array(fc.double({ min: -10, max: 1e9, noNaN: true }), { maxLength: 20 });
  const scales = fc.constantFrom<Axis['scale']>('linear', 'log', 'spectrum');
  fc.assert(
    fc.property(values, scales, scales, (y, xScale, yScale) => {
      const x = y.map((_, place) => place + 1);
      const drawn = chart({
        x: { label: 'x', scale: xScale },
        y: { label: 'y', scale: yScale },
        series: [{ name: 'a', kind: 'line', x, y }],
      });
      const svg = drawChart(drawn, { ...fullView(drawn), cursor: 1 });
      assert.equal(/NaN|Infinity|undefined/.exec(svg)?.[0], undefined);
    }),
  );
});

test('drawChart() leaves out what is hidden and shows the cursor', () => {
  const svg = drawChart(chart(), { from: 0, to: 10, hidden: [0], cursor: 5 });
  assert.doesNotMatch(svg, /class="line/);
  assert.match(svg, /class="band c1"/);
  const { left, right } = plotArea();
  assert.ok(svg.includes(`class="cursor" d="M${((left + right) / 2).toFixed(1)}`));
});

test('escapeText() leaves nothing that HTML would read', () => {
  assert.equal(escapeText(`<a b="c">&'`), '&lt;a b=&quot;c&quot;&gt;&amp;&#39;');
});
