import type { ClauseSeries } from './clause-series.ts';

/** The worst of what each request of the runs measured. */
export function allWorst(runs: readonly Pick<ClauseSeries, 'worstMs'>[]): Float64Array {
  const all = new Float64Array(runs.reduce((sum, { worstMs }) => sum + worstMs.length, 0));
  let at = 0;
  for (const { worstMs } of runs) {
    all.set(worstMs, at);
    at += worstMs.length;
  }
  return all;
}
