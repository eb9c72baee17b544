import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ScoreMap, connectedRuns } from './connected-runs.ts';

function mapOf(...rows: string[]): ScoreMap {
  const width = rows[0]?.length ?? 0;
  const values = Float32Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0));
  return { width, height: rows.length, values };
}

test('connectedRuns() joins pixels that touch at a corner', () => {
  const regions = connectedRuns(mapOf('#..#', '.##.', '....', '#..#'), 0.5);
  assert.deepEqual(
    regions.map((region) => region.length),
    [3, 1, 1],
  );
});

test('connectedRuns() joins arms that meet only further down', () => {
  const regions = connectedRuns(mapOf('#.#.#', '#.#.#', '#####'), 0.5);
  assert.equal(regions.length, 1);
  assert.equal(regions[0]?.length, 7);
});

test('connectedRuns() leaves out values at the threshold and NaN', () => {
  const values = Float32Array.of(0.5, Number.NaN, 0.75);
  assert.deepEqual(connectedRuns({ width: 3, height: 1, values }, 0.5), [
    [{ y: 0, start: 2, end: 3 }],
  ]);
});

test('connectedRuns() agrees with a flood fill', () => {
  const size = fc.integer({ min: 1, max: 12 });
  const maps = fc
    .tuple(size, size)
    .chain(([width, height]) =>
      fc
        .array(fc.boolean(), { minLength: width * height, maxLength: width * height })
        .map((marks) => ({ width, height, values: Float32Array.from(marks, Number) })),
    );
  fc.assert(
    fc.property(maps, (map) => {
      const found = connectedRuns(map, 0.5).map((region) =>
        region
          .flatMap(({ y, start, end }) =>
            Array.from({ length: end - start }, (_, i) => y * map.width + start + i),
          )
          .sort((a, b) => a - b),
      );
      assert.deepEqual(found, floodFill(map));
    }),
    { numRuns: 300 },
  );
});

function floodFill({ width, height, values }: ScoreMap): number[][] {
  const seen = new Set<number>();
  const regions: number[][] = [];
  for (let first = 0; first < values.length; first++) {
    if (values[first] !== 1 || seen.has(first)) continue;
    const region = [first];
    seen.add(first);
    for (const pixel of region) {
      for (const next of neighbours(pixel, width, height)) {
        if (values[next] === 1 && !seen.has(next)) region.push(next);
        seen.add(next);
      }
    }
    regions.push(region.sort((a, b) => a - b));
  }
  return regions;
}

function neighbours(pixel: number, width: number, height: number): number[] {
  const x = pixel % width;
  const y = Math.floor(pixel / width);
  const columns = [x - 1, x, x + 1].filter((column) => column >= 0 && column < width);
  const rows = [y - 1, y, y + 1].filter((row) => row >= 0 && row < height);
  return rows.flatMap((row) => columns.map((column) => row * width + column));
}
