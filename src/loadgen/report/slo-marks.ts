import type { Slo, SloMetric } from '../../core/slo.ts';
import type { Mark } from './chart.ts';

/** The limits that an SLO sets to a metric, to be drawn where it is charted. */
export function sloMarks(slo: Slo | undefined, metric: SloMetric): Mark[] {
  const clauses = (slo?.latency ?? []).filter((clause) => clause.metric === metric);
  return clauses.map(({ quantile, limitMs }) => ({
    name: `limit of p${Number((quantile * 100).toFixed(4))}`,
    y: limitMs,
  }));
}
