import { invalidArgument } from './error.ts';
import { didYouMean } from './nearest-name.ts';

/**
 * What a latency clause is about: the whole answer from the intended time (`latency`), or of
 * streamed answers the time to the first token, the gaps between tokens, and the mean time of a
 * token after the first.
 */
export const sloMetrics = ['latency', 'ttft', 'itl', 'tpot'] as const;

export type SloMetric = (typeof sloMetrics)[number];

/** So large a share of the requests must have their metric at `limitMs` or below. */
export interface LatencyClause {
  readonly metric: SloMetric;
  /** Above 0 and below 1: 0.99 for P99. */
  readonly quantile: number;
  readonly limitMs: number;
}

/** What a server must hold. Errors, rejects and drops count as late. */
export interface Slo {
  /** Requests per second that are offered. */
  readonly ratePerSecond?: number;
  /** At least one; all must hold. */
  readonly latency: readonly LatencyClause[];
}

const unitsMs: Readonly<Record<string, number>> = {
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
};
const example = "such as 'p99=100ms,rate=100' or 'ttft.p95=500ms,itl.p99=60ms'";

/**
 * Reads an SLO from text: clauses between commas, each `rate=100` (requests per second),
 * `p99=100ms`, or `ttft.p95=500ms` with a metric of `sloMetrics`. `p99.9` and `p999` are the same.
 * @throws HeadwayError `invalid_argument` that names the clause and what was expected.
 */
export function parseSlo(text: string): Slo {
  const latency: LatencyClause[] = [];
  let ratePerSecond: number | undefined;
  for (const clause of text.split(',').map((part) => part.trim())) {
    const [, name = '', value = ''] = /^([^=]*?)\s*=\s*(.*)$/.exec(clause) ?? [];
    if (name === '') {
      throw invalidArgument(
        `The SLO '${text}' has '${clause}' where a clause was expected, ${example}.`,
      );
    }
    if (name === 'rate') {
      if (ratePerSecond !== undefined) throw twice(text, 'rate');
      ratePerSecond = parseRate(value);
      continue;
    }
    const parsed = parseLatency(name, value);
    if (latency.some(({ metric, quantile }) => isSame(parsed, { metric, quantile }))) {
      throw twice(text, name);
    }
    latency.push(parsed);
  }
  if (latency.length === 0) {
    throw invalidArgument(`The SLO '${text}' bounds no latency: add a clause, ${example}.`);
  }
  return ratePerSecond === undefined ? { latency } : { ratePerSecond, latency };
}

/**
 * The most that a single request may take by the clauses about a metric, in milliseconds: the
 * loosest limit of them, since a stricter one of another quantile lets some requests be beyond it.
 * @returns `undefined` for a metric that is not limited.
 */
export function loosestLimitMs(slo: Slo | undefined, metric: SloMetric): number | undefined {
  const clauses = slo?.latency.filter((clause) => clause.metric === metric) ?? [];
  return clauses.length === 0 ? undefined : Math.max(...clauses.map(({ limitMs }) => limitMs));
}

/** Writes a clause as `parseSlo` reads it. */
export function formatClause({ metric, quantile, limitMs }: LatencyClause): string {
  const percentile = `p${Number((quantile * 100).toPrecision(12))}`;
  return `${metric === 'latency' ? '' : `${metric}.`}${percentile}=${limitMs}ms`;
}

/** Writes an SLO as `parseSlo` reads it. */
export function formatSlo({ ratePerSecond, latency }: Slo): string {
  const rate = ratePerSecond === undefined ? [] : [`rate=${ratePerSecond}`];
  return [...latency.map(formatClause), ...rate].join(',');
}

function parseRate(value: string): number {
  const rate = Number(/^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(value)?.[1]);
  if (rate > 0) return rate;
  throw invalidArgument(
    `The SLO's rate is '${value}'; expected requests per second above 0, such as rate=100.`,
  );
}

function parseLatency(name: string, value: string): LatencyClause {
  const [, prefix, digits = ''] = /^(?:(.*)\.)?p(\d+(?:\.\d+)?)$/.exec(name) ?? [];
  const metric = sloMetrics.find((known) => known === (prefix ?? 'latency'));
  const quantile = quantileOf(digits);
  if (metric === undefined || !(quantile > 0 && quantile < 1)) {
    const hint = didYouMean(name.split('.')[0] ?? '', ['rate', ...sloMetrics]);
    throw invalidArgument(`The SLO has no clause named '${name}'${hint}. Write one ${example}.`);
  }
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-zµ]+)$/.exec(value) ?? [];
  const limitMs = Number(number) * (unitsMs[unit] ?? Number.NaN);
  if (limitMs > 0) {
    return { metric, quantile, limitMs: Number(limitMs.toPrecision(15)) };
  }
  throw invalidArgument(
    `The SLO's clause '${name}' is '${value}'; expected a time above 0 with its unit, such as ${name}=100ms.`,
  );
}

/** `5` is 0.05, `99` is 0.99, `99.9` and `999` are 0.999. */
function quantileOf(digits: string): number {
  if (/^99\d+$/.test(digits)) return Number(`0.${digits}`);
  return Number((Number(digits) / 100).toPrecision(15));
}

function isSame(a: LatencyClause, b: Pick<LatencyClause, 'metric' | 'quantile'>): boolean {
  return a.metric === b.metric && a.quantile === b.quantile;
}

function twice(text: string, name: string): Error {
  return invalidArgument(`The SLO '${text}' has '${name}' twice; keep one.`);
}
