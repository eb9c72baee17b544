/** Dimensions of a tensor that exists: every entry is a whole number ≥ 0. `[]` is a scalar. */
export type Shape = readonly number[];

/** Dimensions a model declares: -1 stands for any size. */
export type ShapePattern = readonly number[];

/**
 * The number of elements of a shape; 1 for a scalar. `undefined` when a dimension is no whole
 * number ≥ 0 or the product leaves the safe integers.
 */
export function elementCount(shape: Shape): number | undefined {
  let count = 1;
  let hasZero = false;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) return undefined;
    if (dimension === 0) hasZero = true;
    else count *= dimension;
    if (count > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return hasZero ? 0 : count;
}

/** Whether a shape fits a pattern, -1 matching any size. */
export function shapeMatches(shape: Shape, pattern: ShapePattern): boolean {
  return (
    shape.length === pattern.length &&
    pattern.every((dimension, axis) => dimension === -1 || dimension === shape[axis])
  );
}

/** A shape as error messages and logs print it: `[1,3,224,224]`. */
export function formatShape(shape: ShapePattern): string {
  return `[${shape.join(',')}]`;
}
