import { formatClause } from '../../core/slo.ts';
import type { EvidenceRecord } from '../../store/evidence-record.ts';
import { formatLoad } from '../bench/format-bench.ts';
import { formatFinding } from '../bench/format-finding.ts';
import type { Load } from '../bench/bench-mode.ts';
import type { Finding } from '../bench/run-mode.ts';
import { formatTable } from '../text-table.ts';
import { type ResultRun, type StoredResult, storedLatency, storedNumber } from './stored-result.ts';

/** Which findings of `bench` have words of their own. */
const benchFindings: Readonly<Record<Finding['kind'], boolean>> = {
  none: false,
  highest: true,
  unknown: true,
  knee: true,
  scenario: true,
};

/** What a record found, for people: what is said of the whole, and a line for each run. */
export function formatResult(record: Pick<EvidenceRecord, 'result'>): string[] {
  const { runs = [], finding } = (record.result ?? {}) as StoredResult;
  const isOfBench = Object.entries(benchFindings).some(
    ([kind, isTold]) => isTold && kind === finding?.kind,
  );
  const said = isOfBench ? formatFinding(finding as Finding) : [finding?.reason ?? ''];
  const texts = said.filter((text) => text !== '').map((text) => `  ${text}`);
  const clauses = (finding?.clauses ?? []).map(({ clause, requestCount, missCount }) => [
    clause === undefined ? '' : formatClause(clause),
    `${storedNumber(missCount)} of ${storedNumber(requestCount)} missed`,
  ]);
  texts.push(...formatTable(clauses));
  if (runs.length === 0) return texts;
  const head = ['', 'requests', 'answers/s', 'p50 ms', 'p99 ms', 'not good', 'valid'];
  const rows = runs.map((run, index) => [
    run.name ?? (run.load === undefined ? `part ${index + 1}` : formatLoad(run.load as Load)),
    storedNumber(run.requestCount),
    storedNumber(run.achievedPerSecond),
    storedNumber(storedLatency(run, 0.5)),
    storedNumber(storedLatency(run, 0.99)),
    storedNumber(notGood(run)),
    run.validity?.isValid === false ? 'NO' : 'yes',
  ]);
  return [...texts, ...formatTable([head, ...rows], { rightColumns: [1, 2, 3, 4, 5] })];
}

function notGood({ requestCount, outcomes }: ResultRun): number | undefined {
  return requestCount === undefined ? undefined : requestCount - (outcomes?.ok ?? 0);
}
