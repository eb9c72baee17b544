import type { LatencyClause } from '../../core/slo.ts';

/*
 * Results as records hold them: JSON of this version or of an older one, of which every part may
 * be missing, and in which a number that is none became null.
 */

/** A finding of a bench, or the verdict of a proof. */
export interface StoredFinding {
  readonly kind?: string;
  readonly of?: string;
  readonly within?: number;
  readonly concurrency?: number;
  readonly reason?: string;
  readonly clauses?: readonly StoredClause[];
}

interface StoredClause {
  readonly clause?: LatencyClause;
  readonly requestCount?: number;
  readonly missCount?: number;
}

interface StoredQuantile {
  readonly quantile?: number;
  readonly value?: number | null;
  readonly difference?: number | null;
}

/** One run in a result. */
export interface ResultRun {
  readonly name?: string;
  readonly load?: {
    readonly kind?: string;
    readonly ratePerSecond?: number;
    readonly concurrency?: number;
  };
  readonly requestCount?: number;
  readonly achievedPerSecond?: number | null;
  readonly outcomes?: { readonly ok?: number };
  readonly latencyMs?: { readonly quantiles?: readonly StoredQuantile[] } | null;
  readonly validity?: { readonly isValid?: boolean };
}

export interface StoredResult {
  readonly runs?: readonly ResultRun[];
  readonly finding?: StoredFinding;
  readonly comparison?: { readonly quantiles?: readonly StoredQuantile[] } | null;
}

/** A quantile of the good answers of a run, in milliseconds. */
export function storedLatency({ latencyMs }: ResultRun, quantile: number): number | undefined {
  return latencyMs?.quantiles?.find((each) => each.quantile === quantile)?.value ?? undefined;
}

/** A number of a record, in a few digits. */
export function storedNumber(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value)
    ? String(Number(value.toPrecision(4)))
    : '–';
}
