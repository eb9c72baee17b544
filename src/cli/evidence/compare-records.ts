import type { LoadRun } from '../../loadgen/samples.ts';
import type { EvidenceRecord, EvidenceSummary } from '../../store/evidence-record.ts';
import {
  type LoadComparison,
  type QuantileDifference,
  compareInPairs,
  compareLoads,
} from './compare-loads.ts';
import { type Difference, differences } from './flatten.ts';

/** A record with what its runs of load measured. */
export interface MeasuredRecord {
  readonly record: EvidenceRecord;
  /** By the names of the runs. */
  readonly loads: ReadonlyMap<string, LoadRun>;
}

/** What two measurements do not have in common; also the document of `--json`. */
export interface RecordComparison {
  readonly a: EvidenceSummary;
  readonly b: EvidenceSummary;
  readonly settings: readonly Difference[];
  readonly server: readonly Difference[];
  readonly machine: readonly Difference[];
  readonly versions: readonly Difference[];
  readonly runs: readonly LoadComparison[];
  /** Over the runs that share name and seed, and so their schedule; empty for fewer than two. */
  readonly pairedLatencyMs: readonly QuantileDifference[];
  /** Runs that only one has. */
  readonly unmatched: readonly Difference[];
}

/** Compares two records: how they were made, and what they measured, run by run of one name. */
export function compareRecords(a: MeasuredRecord, b: MeasuredRecord): RecordComparison {
  const part = (name: 'settings' | 'server' | 'machine' | 'versions'): Difference[] =>
    differences(a.record[name], b.record[name]);
  const names = [...new Set([...a.loads.keys(), ...b.loads.keys()])];
  const runs = names.flatMap((name) => {
    const [first, second] = [a.loads.get(name), b.loads.get(name)];
    return first === undefined || second === undefined ? [] : [compareLoads(name, first, second)];
  });
  const onOneSchedule = ({ name }: LoadComparison): boolean =>
    seedOf(a.record, name) === seedOf(b.record, name);
  return {
    a: summaryOf(a.record),
    b: summaryOf(b.record),
    settings: [...differences(inputsOf(a.record), inputsOf(b.record)), ...part('settings')],
    server: part('server'),
    machine: part('machine'),
    versions: part('versions'),
    runs,
    pairedLatencyMs: compareInPairs(runs.filter(onOneSchedule)),
    unmatched: names
      .filter((name) => !(a.loads.has(name) && b.loads.has(name)))
      .map((name) => ({
        path: name,
        a: a.loads.has(name) ? 'measured' : null,
        b: b.loads.has(name) ? 'measured' : null,
      })),
  };
}

function summaryOf(record: EvidenceRecord): EvidenceSummary {
  const { settings: _s, server: _v, machine: _m, versions: _n, result: _r, ...rest } = record;
  const { runs: _, ...summary } = rest;
  return summary;
}

function seedOf(record: EvidenceRecord, run: string): unknown {
  return record.runs.find(({ name }) => name === run)?.about['seed'] ?? record.seed;
}

function inputsOf({ url, model, seed }: EvidenceRecord): object {
  return { url, model, seed };
}
