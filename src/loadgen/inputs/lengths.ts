import { invalidArgument } from '../../core/error.ts';
import type { Random } from '../../core/statistics/random.ts';

/** How many words or tokens texts have. */
export type LengthDistribution =
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  /** The logarithm is normal: its mean is that of `median`, its deviation `sigma`. */
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number };

const forms = 'fixed:N (or N), uniform:MIN,MAX, normal:MEAN,DEVIATION or lognormal:MEDIAN,SIGMA';

/** What two numbers mean by the name before them; `undefined` when they mean nothing. */
const pairs: Readonly<
  Record<string, (first: number, second: number) => LengthDistribution | undefined>
> = {
  uniform(min, max) {
    const isRange = Number.isInteger(min) && Number.isInteger(max) && max >= min;
    return isRange ? { kind: 'uniform', min, max } : undefined;
  },
  normal: (mean, deviation) => ({ kind: 'normal', mean, deviation }),
  lognormal: (median, sigma) => ({ kind: 'lognormal', median, sigma }),
};

/**
 * Reads a distribution: `512`, `fixed:512`, `uniform:100,500`, `normal:512,128`, `lognormal:300,0.8`.
 * @throws HeadwayError `invalid_argument` for anything else.
 */
export function parseLengths(text: string): LengthDistribution {
  const [, name = 'fixed', list = ''] = /^(?:(\w+):)?([\d.]+(?:,[\d.]+)?)$/.exec(text) ?? [];
  const [first = Number.NaN, second] = list.split(',').map(Number);
  const lengths = first >= 1 && first <= maxLength ? distribution(name, first, second) : undefined;
  if (lengths !== undefined) return lengths;
  throw invalidArgument(`'${text}' is no distribution of lengths: write ${forms}.`);
}

function distribution(
  name: string,
  first: number,
  second: number | undefined,
): LengthDistribution | undefined {
  if (second === undefined) {
    const isLength = name === 'fixed' && Number.isInteger(first);
    return isLength ? { kind: 'fixed', length: first } : undefined;
  }
  const isNumber = second >= 0 && second <= maxLength;
  return isNumber && Object.hasOwn(pairs, name) ? pairs[name]?.(first, second) : undefined;
}

/** The longest text that is made. */
const maxLength = 1_000_000;

/** Draws a length: a whole number from 1 to 1,000,000. */
export function drawLength(lengths: LengthDistribution, random: Random): number {
  return Math.min(maxLength, Math.max(1, Math.round(draw(lengths, random))));
}

function draw(lengths: LengthDistribution, random: Random): number {
  switch (lengths.kind) {
    case 'fixed':
      return lengths.length;
    case 'uniform':
      return lengths.min + Math.floor(random.next() * (lengths.max - lengths.min + 1));
    case 'normal':
      return lengths.mean + lengths.deviation * drawNormal(random);
    case 'lognormal':
      return lengths.median * Math.exp(lengths.sigma * drawNormal(random));
  }
}

/** A standard normal variate. Source: Box and Muller's transform. */
function drawNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log1p(-random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
