import { type Random, nextExponential } from '../../core/statistics/random.ts';
import type { Arrival } from './arrival.ts';

/** Gaps between arrivals at rate 1, one after the other; the first is before the first arrival. */
export function createGaps(
  arrival: Exclude<Arrival, { readonly kind: 'trace' }>,
  random: Random,
): () => number {
  switch (arrival.kind) {
    case 'constant': {
      let isFirst = true;
      return () => {
        if (!isFirst) return 1;
        isFirst = false;
        return 0;
      };
    }
    case 'gamma': {
      const shape = arrival.burstiness;
      return () => nextGamma(shape, random) / shape;
    }
    case 'poisson':
    case 'bursts':
    case 'ramp':
    case 'steps':
      return () => nextExponential(random);
  }
}

/**
 * A variate of the gamma distribution with this shape and scale 1.
 * Source: Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000; below shape 1
 * by the power of a uniform variate, as they say in section 6.
 */
function nextGamma(shape: number, random: Random): number {
  if (shape < 1) return nextGamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = nextNormal(random);
    const v = (1 + c * x) ** 3;
    const isTaken =
      v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v);
    if (isTaken) return d * v;
  }
}

/** A standard normal variate, by Box and Muller. */
function nextNormal(random: Random): number {
  const radius = Math.sqrt(2 * nextExponential(random));
  return radius * Math.cos(2 * Math.PI * random.next());
}
