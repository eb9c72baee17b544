import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distributionChart, spectrumChart } from './distribution-charts.ts';

const values = fc
  .array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 200 })
  .map((unsorted) => Float64Array.from(unsorted).sort());

test('distributionChart() puts every value in a bin, in few enough bins', () => {
  fc.assert(
    fc.property(values, values, (first, second) => {
      const { series } = distributionChart('d', [
        { name: 'a', sorted: first },
        { name: 'b', sorted: second },
      ]);
      for (const [place, sorted] of [first, second].entries()) {
        const { x = [], y = [] } = series[place] ?? {};
        assert.equal(
          y.reduce((total, count) => total + count, 0),
          sorted.length,
        );
        assert.ok(x.length <= 83 && x.every((edge) => Number.isFinite(edge) && edge > 0));
      }
    }),
  );
});

test('spectrumChart() goes from the lowest value to the highest and never down', () => {
  fc.assert(
    fc.property(values, (sorted) => {
      const [line, band] = spectrumChart('s', [{ name: 'a', sorted }]).series;
      assert.equal(line?.y[0], sorted[0]);
      assert.ok((line?.y.at(-1) ?? NaN) <= (sorted.at(-1) ?? NaN));
      for (const [place, y] of (line?.y ?? []).entries()) {
        assert.ok(y >= (line?.y[place - 1] ?? 0));
      }
      for (const [place, high] of (band?.y ?? []).entries()) {
        assert.ok(high >= (band?.low?.[place] ?? NaN));
      }
    }),
  );
});
