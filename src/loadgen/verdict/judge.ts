import type { Slo } from '../../core/slo.ts';
import type { LoadRun } from '../samples.ts';
import { splitSpending } from './alphas.ts';
import { type ClauseSeries, clauseSeries, cutSeries } from './clause-series.ts';
import { type ClauseLook, look } from './look.ts';
import { onlyLook, proofLooks } from './looks.ts';
import { reasonsAgainst } from './run-reasons.ts';
import { secondsNeeded } from './seconds-needed.ts';
import type { OpenVerdict, Verdict } from './verdict.ts';
import { describeOpen, describeRefuted, describeUpper } from './wording.ts';

/** Runs end when their time is over, to a hair. */
const timeTolerance = 1 - 1e-6;

/** Judges a proof, of which it is given all runs so far. */
interface Judge {
  /** The verdict, once it is clear. */
  judge(runs: readonly LoadRun[]): Verdict | undefined;
  /** What is known when it is not, and no more is measured. */
  leaveOpen(runs: readonly LoadRun[]): Verdict;
}

/** What is to be judged. */
export interface JudgeOptions {
  readonly slo: Slo;
  readonly confidence: number;
  /** The longest time that is measured; left out when the runs are all there will be. */
  readonly plannedMs?: number;
}

/**
 * Creates what says whether runs of open-loop load prove that a server holds an SLO, refute it, or
 * leave it open. The chance to prove what does not hold, and to refute what holds, is
 * `1 - confidence` at most each, however often it is asked while a proof of `plannedMs` goes on:
 * the data are looked at when eighths of that time were measured, each look spends its part of the
 * error, and the first that decides is kept. Runs follow each other in the order of time, and those
 * that were given before are given again.
 */
export function createJudge({ slo, confidence, plannedMs }: JudgeOptions): Judge {
  const looks = plannedMs === undefined ? [onlyLook] : proofLooks;
  const alpha = 1 - confidence;
  const measured: MeasuredRun[] = [];
  // Looks that left it open, and would again.
  let openCount = 0;
  const measure = (runs: readonly LoadRun[]): Measured => {
    measured.push(...runs.slice(measured.length).map((run) => measureRun(run, slo)));
    const measuredMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return {
      measuredMs,
      wholeMs: plannedMs ?? measuredMs,
      invalidReasons: [...new Set(measured.flatMap(({ reasons }) => reasons))],
    };
  };
  const lookAt = (cutMs: number, { wholeMs }: Measured, spending: number): ClauseLook[] => {
    const series = slo.latency.map((_, clause) =>
      cutSeries(
        measured.flatMap((run) => run.series.slice(clause, clause + 1)),
        cutMs,
      ),
    );
    return look(slo, series, { spending, plannedMs: wholeMs });
  };
  return {
    judge(runs) {
      const state = measure(runs);
      const { measuredMs, wholeMs } = state;
      for (const { at, spends } of looks.slice(openCount)) {
        const isDue = at * wholeMs * timeTolerance <= measuredMs;
        if (!isDue || state.invalidReasons.length > 0) break;
        const looked = lookAt(at === 1 ? measuredMs : at * wholeMs, state, alpha * spends);
        const decision = decide(looked);
        if (decision !== undefined) {
          return { ...decision, confidence, clauses: looked.map(({ found }) => found) };
        }
        openCount += 1;
      }
      return undefined;
    },
    leaveOpen(runs) {
      const state = measure(runs);
      const spending = alpha * (looks.at(-1)?.spends ?? 1);
      const looked = lookAt(state.measuredMs, state, spending);
      return { ...describeState(looked, state, spending), confidence };
    },
  };
}

/** What is measured so far. */
interface Measured {
  readonly measuredMs: number;
  /** The time that is planned. */
  readonly wholeMs: number;
  /** Why some of it says nothing. */
  readonly invalidReasons: readonly string[];
}

/** What a run says of an SLO. */
interface MeasuredRun {
  /** Of each clause. */
  readonly series: readonly ClauseSeries[];
  /** Why it says nothing. */
  readonly reasons: readonly string[];
}

function measureRun(run: LoadRun, slo: Slo): MeasuredRun {
  return {
    series: slo.latency.map((clause) => clauseSeries(run, clause)),
    reasons: reasonsAgainst(run, slo),
  };
}

/** @param spending what the look that decides may spend. */
function describeState(
  looked: readonly ClauseLook[],
  { measuredMs, wholeMs, invalidReasons }: Measured,
  spending: number,
): Omit<OpenVerdict, 'confidence'> {
  const clauses = looked.map(({ found }) => found);
  const isRising = looked.some((clause) => clause.isRising);
  const more = secondsNeeded(clauses, measuredMs, splitSpending(spending, clauses.length));
  const leftMs = wholeMs - measuredMs;
  return {
    kind: 'notEnoughData',
    clauses,
    reason: (invalidReasons.length > 0 ? invalidReasons : looked.map(describeOpen)).join('; '),
    isRising,
    // A rise is not decided by more of the same.
    secondsNeeded: more === undefined || isRising ? undefined : Math.max(more, leftMs / 1_000),
    invalidReasons,
  };
}

type Decision =
  | { readonly kind: 'proved'; readonly reason: string }
  | { readonly kind: 'refuted'; readonly isOverloaded: boolean; readonly reason: string };

function decide(looked: readonly ClauseLook[]): Decision | undefined {
  const isProved = looked.every(
    ({ found, isRising }) => found.missShareUpper < found.allowedMissShare && !isRising,
  );
  if (isProved) {
    return { kind: 'proved', reason: looked.map(({ found }) => describeUpper(found)).join('; ') };
  }
  const missed = looked.find(({ found }) => found.missShareLower > found.allowedMissShare);
  const refuting = missed ?? looked.find(({ isOverloaded }) => isOverloaded);
  if (refuting === undefined) return undefined;
  return {
    kind: 'refuted',
    isOverloaded: refuting.isGrowing || refuting.isOverloaded,
    reason: describeRefuted(refuting, missed === undefined),
  };
}
