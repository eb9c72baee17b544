import type { EvidenceRecord } from '../../store/evidence-record.ts';
import { defaultRate } from '../bench/bench-mode.ts';
import {
  type StoredFinding,
  type StoredResult,
  storedLatency,
  storedNumber,
} from './stored-result.ts';

/** What a record was measured with, in a few words: the SLO of a proof, the load of a bench. */
export function loadText({ kind, settings }: Pick<EvidenceRecord, 'kind' | 'settings'>): string {
  const { slo, sweep, search, knee, scenario, concurrency, rate, arrival } = settings;
  if (kind === 'prove') return shown(slo);
  if (sweep !== undefined) return `sweep ${shown(sweep)}`;
  if (search !== undefined) return `search ${shown(search)} ${shown(slo)}`;
  if (knee === true) return 'knee';
  if (scenario !== undefined) return `${shown(scenario)} scenario`;
  if (concurrency !== undefined) return `${shown(concurrency)} in flight`;
  if (rate !== undefined) return `${shown(rate)}/s`;
  return arrival === 'poisson' || arrival === undefined ? `${defaultRate}/s` : shown(arrival);
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
}

/** The one number that says most of a result. */
export function resultText({
  result,
  settings,
}: Pick<EvidenceRecord, 'result' | 'settings'>): string {
  const { runs = [], finding = {}, comparison } = (result ?? {}) as StoredResult;
  const found = findingText(finding);
  if (found !== undefined) return found;
  const median = comparison?.quantiles?.find(({ quantile }) => quantile === 0.5);
  if (median !== undefined) return `p50 ${storedNumber(median.difference)} ms apart`;
  const [only] = runs;
  // A search that found nothing says nothing by the loads it tried.
  if (only === undefined || settings['search'] !== undefined) return '–';
  if (runs.length === 1) return `p99 ${storedNumber(storedLatency(only, 0.99))} ms`;
  const most = Math.max(...runs.map(({ achievedPerSecond }) => achievedPerSecond ?? 0));
  return `${storedNumber(most)} answers/s`;
}

function findingText(finding: StoredFinding): string | undefined {
  const [clause] = finding.clauses ?? [];
  if (clause !== undefined) {
    return `${storedNumber(clause.missCount)} of ${storedNumber(clause.requestCount)} missed`;
  }
  if (finding.kind === 'knee') return `${storedNumber(finding.concurrency)} in flight`;
  if (finding.kind !== 'highest' || finding.within === undefined) return undefined;
  return `${storedNumber(finding.within)}${finding.of === 'rate' ? '/s' : ' in flight'}`;
}
