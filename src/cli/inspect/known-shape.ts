/** A size, or `undefined` where it is not known. */
export type Dimension = number | undefined;

/** What is known of a tensor's shape; that its rank is not known is an `undefined` shape. */
export type KnownShape = readonly Dimension[];

/** A hostile model could let ranks grow from node to node. */
export const maxRank = 64;

/** The number of elements; `undefined` when a size is not known. */
export function knownElementCount(shape: KnownShape | undefined): number | undefined {
  return shape?.reduce<Dimension>(multiply, 1);
}

/** Product and sum of sizes, unknown when either is. */
export function multiply(a: Dimension, b: Dimension): Dimension {
  return a === undefined || b === undefined ? undefined : a * b;
}

export function add(a: Dimension, b: Dimension): Dimension {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** An axis counted from the end becomes one from the start. */
export function normalAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The shape of an element-wise operation, each dimension 1 stretched to the other one. */
export function broadcast(shapes: readonly (KnownShape | undefined)[]): KnownShape | undefined {
  let result: Dimension[] = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    const rank = Math.max(shape.length, result.length);
    const padded = (from: KnownShape): Dimension[] => [
      ...Array.from({ length: rank - from.length }, () => 1),
      ...from,
    ];
    const other = padded(shape);
    result = padded(result).map((size, axis) => broadcastSize(size, other[axis]));
  }
  return result;
}

function broadcastSize(a: Dimension, b: Dimension): Dimension {
  if (a === 1) return b;
  if (b === 1) return a;
  // An unknown size is either 1 or equal to the known one, unless the model is wrong.
  return a ?? b;
}
