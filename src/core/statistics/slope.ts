import { studentTail } from './student.ts';

/** How values that follow each other rise. */
export interface Slope {
  /** By how much a value exceeds the one before, by least squares. */
  readonly perStep: number;
  /** The chance of so steep a rise, at least, where there is none. */
  readonly chance: number;
}

/**
 * Tests whether values that follow each other rise. Neighbours that resemble each other count for
 * less: the number of observations shrinks with the correlation of neighbouring residuals.
 * `undefined` for fewer than six values or values without spread.
 * Source: Santer et al., "Statistical significance of trends" (2000).
 */
export function testSlope(values: readonly number[]): Slope | undefined {
  const count = values.length;
  if (count < 6) return undefined;
  const middle = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const spread = (count * (count * count - 1)) / 12;
  const perStep =
    values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0) / spread;
  const residuals = values.map((value, index) => value - mean - perStep * (index - middle));
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (!(total > 0)) return undefined;
  // Values on a line: nothing is left to compare the slope with.
  if (squares <= total * 1e-12) return { perStep, chance: perStep > 0 ? 0 : 1 };
  const products = residuals
    .slice(1)
    .reduce((sum, residual, index) => sum + residual * (residuals[index] ?? 0), 0);
  const correlation = Math.min(0.99, Math.max(0, products / squares));
  const degrees = Math.max(1, (count * (1 - correlation)) / (1 + correlation) - 2);
  const error = Math.sqrt(squares / degrees / spread);
  return { perStep, chance: studentTail(perStep / error, degrees) };
}
