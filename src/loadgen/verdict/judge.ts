import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../samples.ts';
import { validityOf } from '../validity.ts';
import { type Alphas, findClause } from './clause-finding.ts';
import { type ClauseSeries, clauseSeries, firstRowFrom } from './clause-series.ts';
import { trendOf } from './overload.ts';
import { secondsNeeded } from './seconds-needed.ts';
import type { ClauseFinding, Verdict } from './verdict.ts';
import { describeLower, describeOpen, describeUpper } from './wording.ts';

/** At which shares of what is planned the data are looked at. */
const lookShares = [1 / 8, 1 / 4, 1 / 2, 1];

/** Runs end when their time is over, to a hair. */
const timeTolerance = 1 - 1e-6;

/**
 * Says whether runs of open-loop load prove that a server holds an SLO, refute it, or leave it
 * open. The chance to prove what does not hold, and to refute what holds, is `1 - confidence` at
 * most each, however often this is asked while a proof of `plannedMs` goes on: the data are looked
 * at when an eighth, a quarter, a half and all of that time was measured, each look spends the same share
 * of the error as of the time since the look before, and the first that decides is kept. Without
 * `plannedMs` the runs are all there will be, and are looked at once. Runs follow each other in the
 * order of time.
 * Source: alpha spending, Lan and DeMets, "Discrete sequential boundaries for clinical trials"
 * (1983).
 */
export function judge(
  runs: readonly LoadRun[],
  slo: Slo,
  confidence: number,
  plannedMs?: number,
): Verdict {
  const measuredMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const wholeMs = plannedMs ?? measuredMs;
  const alpha = 1 - confidence;
  const series = slo.latency.map((clause) => runs.map((run) => clauseSeries(run, clause)));
  const invalidReasons = [...new Set(runs.flatMap((run) => reasonsAgainst(run, slo)))];
  const shares = plannedMs === undefined ? [1] : lookShares;
  let spentShare = 0;
  for (const share of shares) {
    if (invalidReasons.length > 0 || share * wholeMs * timeTolerance > measuredMs) break;
    const isLast = share === 1;
    const spending = alpha * (share - spentShare);
    spentShare = share;
    const cutMs = isLast ? measuredMs : share * wholeMs;
    const verdict = look(
      slo,
      series.map((clause) => cut(clause, cutMs)),
      { confidence, spending },
    );
    if (verdict !== undefined) return verdict;
  }
  // What the last look will spend.
  const spending = alpha * (1 - (shares.at(-2) ?? 0));
  const clauses = findClauses(slo, series, spending);
  const more = secondsNeeded(clauses, { measuredMs, spending });
  const isRising = series.flat().some((run) => trendOf(run, spending).isRising);
  const rising = isRising ? ['latency is still rising'] : [];
  const openReasons = [...rising, ...clauses.map(describeOpen)];
  return {
    kind: 'notEnoughData',
    confidence,
    clauses,
    reason: (invalidReasons.length > 0 ? invalidReasons : openReasons).join('; '),
    secondsNeeded: more === undefined ? undefined : Math.max(more, (wholeMs - measuredMs) / 1_000),
    invalidReasons,
  };
}

/** Why a run says nothing of the server. */
function reasonsAgainst(run: LoadRun, { ratePerSecond }: Slo): string[] {
  const reasons = [...validityOf(run).reasons];
  if (run.loop === 'closed') {
    reasons.push('requests waited for others to end, so that a slow server was offered less load');
  }
  const { samples, warmupMs, durationMs } = run;
  const end = firstRowFrom(samples, warmupMs + durationMs);
  const count = end - firstRowFrom(samples, warmupMs);
  const wanted = ((ratePerSecond ?? 0) * durationMs) / 1_000;
  // Four deviations of a Poisson count: chance alone does not go so far.
  if (count < wanted - 4 * Math.sqrt(wanted)) {
    const offered = ((count * 1_000) / durationMs).toFixed(1);
    reasons.push(`the load was ${offered} requests a second, and the SLO is of ${ratePerSecond}`);
  }
  return reasons;
}

interface LookOptions {
  readonly confidence: number;
  /** The chance of either error that this look may add. */
  readonly spending: number;
}

function look(
  slo: Slo,
  series: readonly (readonly ClauseSeries[])[],
  { confidence, spending }: LookOptions,
): Verdict | undefined {
  const clauses = findClauses(slo, series, spending);
  const trends = series.map((runs) => runs.map((run) => trendOf(run, spending)));
  const isProved = clauses.every((found) => found.missShareUpper < found.allowedMissShare);
  const isRising = trends.flat().some((trend) => trend.isRising);
  if (isProved && !isRising) {
    return { kind: 'proved', confidence, clauses, reason: clauses.map(describeUpper).join('; ') };
  }
  const overloaded = clauses.find(
    (found, place) =>
      trends[place]?.every((trend) => trend.isOverloaded) &&
      found.binomialLower > found.allowedMissShare,
  );
  const missed = clauses.find((found) => found.missShareLower > found.allowedMissShare);
  const refuting = missed ?? overloaded;
  if (refuting === undefined) return undefined;
  const isOverloaded = overloaded !== undefined;
  const why = isOverloaded ? 'the load is beyond the server, latency grew all along; ' : '';
  const reason = `${why}${describeLower(refuting, isOverloaded)}`;
  return { kind: 'refuted', confidence, clauses, isOverloaded, reason };
}

function findClauses(
  slo: Slo,
  series: readonly (readonly ClauseSeries[])[],
  spending: number,
): ClauseFinding[] {
  // All clauses must be proved, so that each may use all of the chance; one is enough to refute.
  const alphas: Alphas = { upper: spending, lower: spending / slo.latency.length };
  return slo.latency.map((clause, place) => findClause(clause, series[place] ?? [], alphas));
}

/** The first part of the runs, one after the other. */
function cut(runs: readonly ClauseSeries[], cutMs: number): ClauseSeries[] {
  let leftMs = cutMs;
  return runs.flatMap((run) => {
    const durationMs = Math.min(run.durationMs, leftMs);
    leftMs -= durationMs;
    if (durationMs <= 0) return [];
    if (durationMs === run.durationMs) return [run];
    const end = firstRowFrom({ count: run.atMs.length, intendedMs: run.atMs }, durationMs);
    return [
      {
        durationMs,
        atMs: run.atMs.subarray(0, end),
        trialCounts: run.trialCounts.subarray(0, end),
        missCounts: run.missCounts.subarray(0, end),
        worstMs: run.worstMs.subarray(0, end),
      },
    ];
  });
}
