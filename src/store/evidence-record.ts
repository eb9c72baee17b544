import type { EvidenceKind } from './evidence.ts';

/**
 * `failed`: there is no result, or none to be believed. `partial`: it was stopped, or its process is
 * gone, before the measurement ended.
 */
export type EvidenceState = 'running' | 'finished' | 'failed' | 'partial';

type Json = Readonly<Record<string, unknown>>;

/** What lists show of a record. */
export interface EvidenceSummary {
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly state: EvidenceState;
  /** Milliseconds since the Unix epoch, as all times of records. */
  readonly begunAtMs: number;
  readonly endedAtMs: number | null;
  /** What was proved or refuted; `null` without a verdict. */
  readonly verdict: string | null;
  /** Why it does not count as a whole; `null` when it does, or nobody said why. */
  readonly reason: string | null;
  readonly url: string;
  readonly model: string | null;
  readonly seed: number;
  readonly command: string;
  readonly runCount: number;
}

/** All that is known of a measurement but the samples themselves. */
export interface EvidenceRecord extends EvidenceSummary {
  /** The folder that relative paths of the command start from; `null` in records of old. */
  readonly cwd: string | null;
  readonly settings: Json;
  readonly server: Json;
  readonly machine: Json;
  readonly versions: Json;
  /** `null` until there is one. */
  readonly result: unknown;
  readonly runs: readonly EvidenceRun[];
}

/** One run of a record, in the order they were made. */
export interface EvidenceRun {
  readonly name: string;
  readonly about: Json;
  readonly columns: readonly EvidenceColumnSummary[];
}

export interface EvidenceColumnSummary {
  readonly name: string;
  readonly datatype: string;
  /** Count of values. */
  readonly length: number;
  /** What it takes in the file. */
  readonly storedBytes: number;
}
