import { betaCdf, betaQuantile } from './beta.ts';

/** The chance that a Student variate with `degrees` of freedom exceeds `t`. */
export function studentTail(t: number, degrees: number): number {
  const half = betaCdf(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t >= 0 ? half : 1 - half;
}

/** What a Student variate with `degrees` of freedom exceeds with chance `tail` (up to 0.5). */
export function studentQuantile(tail: number, degrees: number): number {
  const x = betaQuantile(2 * tail, degrees / 2, 0.5);
  return Math.sqrt((degrees * (1 - x)) / x);
}
