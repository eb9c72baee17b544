import { studentTail } from './student.ts';

/** How values that follow each other rise. */
export interface Slope {
  /** By how much a value exceeds the one before, by least squares. */
  readonly perStep: number;
  /** The chance of so steep a rise, at least, where there is none. */
  readonly chance: number;
}

/**
 * Tests whether values that follow each other rise, by a slope that several series have in common,
 * each of them from a level of its own. Neighbours that resemble each other count for less: the
 * number of observations shrinks with the correlation of neighbouring residuals. NaN stands for a
 * value that is missing. `undefined` for fewer than five values more than series, or values without
 * spread.
 * Source: Santer et al., "Statistical significance of trends" (2000).
 */
export function testSlope(series: readonly (readonly number[])[]): Slope | undefined {
  const centred = series.map(centre);
  const present = centred.flat().filter((point) => point !== undefined);
  const levels = centred.filter((points) => points.some((point) => point !== undefined)).length;
  const count = present.length;
  if (count < levels + 5) return undefined;
  const spread = present.reduce((sum, { step }) => sum + step * step, 0);
  const total = present.reduce((sum, { value }) => sum + value * value, 0);
  if (!(total > 0 && spread > 0)) return undefined;
  const perStep = present.reduce((sum, { step, value }) => sum + step * value, 0) / spread;
  const residual = ({ step, value }: Point): number => value - perStep * step;
  const squares = present.reduce((sum, point) => sum + residual(point) ** 2, 0);
  // Values on a line: nothing is left to compare the slope with.
  if (squares <= total * 1e-12) return { perStep, chance: perStep > 0 ? 0 : 1 };
  let products = 0;
  for (const points of centred) {
    for (const [place, point] of points.entries()) {
      const before = points[place - 1];
      if (point !== undefined && before !== undefined) {
        products += residual(point) * residual(before);
      }
    }
  }
  const correlation = Math.min(0.99, Math.max(0, products / squares));
  const degrees = Math.max(1, (count * (1 - correlation)) / (1 + correlation) - levels - 1);
  const error = Math.sqrt(squares / degrees / spread);
  return { perStep, chance: studentTail(perStep / error, degrees) };
}

interface Point {
  readonly step: number;
  readonly value: number;
}

/** Takes the means of places and values away. */
function centre(values: readonly number[]): (Point | undefined)[] {
  const steps = values.flatMap((value, step) => (Number.isNaN(value) ? [] : [step]));
  const middle = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  const mean = steps.reduce((sum, step) => sum + (values[step] ?? 0), 0) / steps.length;
  return values.map((value, step) =>
    Number.isNaN(value) ? undefined : { step: step - middle, value: value - mean },
  );
}
