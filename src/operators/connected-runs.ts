/** Neighbouring pixels of one row: from `start` up to but not including `end`. */
export interface Run {
  readonly y: number;
  readonly start: number;
  readonly end: number;
}

/** A map of one number per pixel, rows from the top. */
export interface ScoreMap {
  readonly width: number;
  readonly height: number;
  /** `width * height` values. */
  readonly values: Float32Array;
}

/**
 * The connected regions of a map where the value lies above a threshold; pixels that touch at a
 * corner are connected. Each region is given as its runs, in rows from the top and from the left
 * within a row; regions come in the order of their first run.
 *
 * One pass over the pixels and a union-find over the runs: O(pixels + runs · α).
 */
export function connectedRuns(map: ScoreMap, threshold: number): Run[][] {
  const runs: Run[] = [];
  const parents: number[] = [];
  let above = 0;
  for (let y = 0; y < map.height; y++) {
    const rowStart = runs.length;
    appendRuns(map, { y, threshold }, runs);
    for (let index = rowStart; index < runs.length; index++) parents.push(index);
    joinRows(runs, parents, { above, rowStart });
    above = rowStart;
  }
  return groupByRoot(runs, parents);
}

function appendRuns(map: ScoreMap, row: { y: number; threshold: number }, runs: Run[]): void {
  const { values, width } = map;
  const { y, threshold } = row;
  const offset = y * width;
  let x = 0;
  while (x < width) {
    while (x < width && !((values[offset + x] ?? 0) > threshold)) x++;
    const start = x;
    while (x < width && (values[offset + x] ?? 0) > threshold) x++;
    if (x > start) runs.push({ y, start, end: x });
  }
}

/** Unites the runs of the last row with those of the row above that touch them. */
function joinRows(
  runs: readonly Run[],
  parents: number[],
  rows: { above: number; rowStart: number },
): void {
  let upper = rows.above;
  let lower = rows.rowStart;
  while (upper < rows.rowStart && lower < runs.length) {
    const upperRun = runs[upper];
    const lowerRun = runs[lower];
    if (upperRun === undefined || lowerRun === undefined) return;
    // An `end` equal to the other's `start` is a touch at a corner.
    if (upperRun.start <= lowerRun.end && lowerRun.start <= upperRun.end) {
      unite(parents, upper, lower);
    }
    if (upperRun.end < lowerRun.end) upper++;
    else lower++;
  }
}

function findRoot(parents: number[], index: number): number {
  let node = index;
  for (;;) {
    const parent = parents[node] ?? node;
    if (parent === node) return node;
    const grandparent = parents[parent] ?? parent;
    parents[node] = grandparent;
    node = grandparent;
  }
}

/** The earlier run becomes the root, so that a region is known by its first run. */
function unite(parents: number[], a: number, b: number): void {
  const rootA = findRoot(parents, a);
  const rootB = findRoot(parents, b);
  if (rootA < rootB) parents[rootB] = rootA;
  else parents[rootA] = rootB;
}

function groupByRoot(runs: readonly Run[], parents: number[]): Run[][] {
  const regions = new Map<number, Run[]>();
  for (const [index, run] of runs.entries()) {
    const root = findRoot(parents, index);
    const region = regions.get(root);
    if (region === undefined) regions.set(root, [run]);
    else region.push(run);
  }
  return [...regions.values()];
}
