import type { LatencyClause, Slo, SloMetric } from '../../core/slo.ts';
import { firstRowFrom } from '../first-row.ts';
import { metricTimes } from '../llm/metric-times.ts';
import { type LoadRun, type Samples, outcomes } from '../samples.ts';
import { proofPieceCount } from '../search/proof-pieces.ts';
import { validityOf } from '../validity.ts';
import { type ClauseSeries, clauseSeries } from './clause-series.ts';
import { look } from './look.ts';
import { proofLooks } from './looks.ts';
import { reasonsAgainst } from './run-reasons.ts';
import type { Verdict } from './verdict.ts';
import { describeRefuted } from './wording.ts';

const ok = outcomes.indexOf('ok');

/** Times that begin when a request is due. Gaps between tokens may be the generator's own. */
const metricsFromDue: readonly SloMetric[] = ['latency', 'ttft'];

/** Whether the generator sent all of a run, but late. */
export function isMerelyLate(run: LoadRun): boolean {
  const { valid, lagP99Ms, droppedCount } = validityOf(run);
  return !valid && lagP99Ms > 0 && droppedCount === 0 && (run.lostGeneratorCount ?? 0) === 0;
}

/**
 * Says whether a proof that ends for its late generator refutes the SLO nevertheless. Requests that
 * are sent later than they should be are answered later by as much at most, in the order of a queue,
 * and their answers are seen later by as much as the generator stood still. So each time of a late
 * run is taken down by twice its greatest lag, and what ended badly for another reason than time
 * counts as good: what misses then would have missed with any generator.
 *
 * The proof can end so in the place of each of its parts, and in no case looks at all of its data.
 * So it spends what that look would have, split over these places.
 * @param runs all that was measured, valid or not, in the order of time.
 */
export function refuteLate(
  runs: readonly LoadRun[],
  { slo, confidence }: { readonly slo: Slo; readonly confidence: number },
): Verdict | undefined {
  const isUsable = (run: LoadRun): boolean =>
    reasonsAgainst(run, slo).length === Number(isMerelyLate(run));
  const latency = slo.latency.filter(({ metric }) => metricsFromDue.includes(metric));
  if (latency.length === 0 || !runs.every(isUsable)) return undefined;
  const lagMs = Math.max(0, ...runs.map(({ samples }) => greatestLagMs(samples)));
  const series = latency.map((clause) =>
    runs.map((run) =>
      isMerelyLate(run) ? leastSeries(run, clause, 2 * lagMs) : clauseSeries(run, clause),
    ),
  );
  const spends = (proofLooks.at(-1)?.spends ?? 1) / proofPieceCount;
  const plannedMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const looked = look({ ...slo, latency }, series, {
    spending: (1 - confidence) * spends,
    plannedMs,
  });
  const refuting = looked.find(({ found }) => found.missShareLower > found.allowedMissShare);
  if (refuting === undefined) return undefined;
  return {
    kind: 'refuted',
    isOverloaded: refuting.isGrowing,
    confidence,
    clauses: looked.map(({ found }) => found),
    reason: `the generator was late, by ${lagMs.toFixed(1)} ms at most, and with twice that taken off all times: ${describeRefuted(refuting, false)}`,
  };
}

function greatestLagMs({ count, intendedMs, sentMs }: Samples): number {
  let greatest = 0;
  for (let row = 0; row < count; row += 1) {
    const lagMs = (sentMs[row] ?? Number.NaN) - (intendedMs[row] ?? 0);
    if (lagMs > greatest) greatest = lagMs;
  }
  return greatest;
}

/** What a run measured by a clause, with so much taken off; what ended early met it. */
function leastSeries(
  run: LoadRun,
  { metric, limitMs }: LatencyClause,
  offMs: number,
): ClauseSeries {
  const { samples, warmupMs, durationMs } = run;
  const begin = firstRowFrom(samples, warmupMs);
  const end = firstRowFrom(samples, warmupMs + durationMs);
  const dueMs = samples.intendedMs.slice(begin, end);
  const worstMs = dueMs.map((atMs, place) => {
    const row = begin + place;
    const ms =
      samples.outcome[row] === ok
        ? metricTimes[metric].timeMs(samples, row)
        : (samples.endMs[row] ?? Number.NaN) - atMs;
    return ms > offMs ? ms - offMs : 0;
  });
  return {
    durationMs,
    atMs: dueMs.map((atMs) => atMs - warmupMs),
    worstMs,
    counts: [
      {
        trialCounts: new Uint32Array(worstMs.length).fill(1),
        missCounts: Uint32Array.from(worstMs, (ms) => Number(ms > limitMs)),
      },
    ],
  };
}
