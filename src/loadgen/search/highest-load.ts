/** Whether what was measured at one load is inside the bound. */
export interface JudgedLoad {
  readonly load: number;
  readonly isWithin: boolean;
}

/** How to look for the highest load. */
export interface HighestLoadSearch {
  readonly startLoad: number;
  readonly minLoad: number;
  readonly maxLoad: number;
  /** How close the two ends must come, as a share of the lower one. */
  readonly precision: number;
  /** Whether loads are counts, such as concurrencies, and not rates. */
  readonly isWhole: boolean;
}

/** What to do next. `within` is the highest load inside the bound, `beyond` the lowest outside. */
export type SearchStep =
  | { readonly kind: 'measure'; readonly load: number }
  | {
      readonly kind: 'found';
      readonly within: number | undefined;
      readonly beyond: number | undefined;
    };

/**
 * Plans a search for the highest load inside a bound: doubles or halves until loads on both sides
 * are known, then halves the gap on a logarithmic scale. Of results that contradict each other the
 * lower load counts: what is inside above a load that is outside is chance.
 */
export function planHighestLoad(
  measured: readonly JudgedLoad[],
  { startLoad, minLoad, maxLoad, precision, isWhole }: HighestLoadSearch,
): SearchStep {
  const beyond = extreme(Math.min, measured, false, Infinity);
  const within = extreme(Math.max, measured, true, beyond ?? Infinity);
  const found: SearchStep = { kind: 'found', within, beyond };
  const at = (load: number): SearchStep => ({
    kind: 'measure',
    load: Math.min(maxLoad, Math.max(minLoad, isWhole ? Math.round(load) : tidy(load))),
  });
  if (beyond === undefined) {
    if (within === undefined) return at(startLoad);
    return within >= maxLoad ? found : at(within * 2);
  }
  if (within === undefined) return beyond <= minLoad ? found : at(beyond / 2);
  const isClose = isWhole ? beyond - within <= 1 : false;
  if (isClose || beyond <= within * (1 + precision)) return found;
  const middle = at(Math.sqrt(within * beyond));
  const isBetween = middle.kind === 'measure' && middle.load > within && middle.load < beyond;
  if (isBetween) return middle;
  return isWhole ? { kind: 'measure', load: within + 1 } : found;
}

/** The highest or lowest load on one side, of those below `limit`. */
function extreme(
  pick: (...loads: number[]) => number,
  measured: readonly JudgedLoad[],
  isWithin: boolean,
  limit: number,
): number | undefined {
  const loads = measured
    .filter((one) => one.isWithin === isWithin && one.load < limit)
    .map(({ load }) => load);
  return loads.length === 0 ? undefined : pick(...loads);
}

/** Rates of three digits, which people can read and give again. */
function tidy(load: number): number {
  return Number(load.toPrecision(3));
}
