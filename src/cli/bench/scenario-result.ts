import { type Slo, loosestLimitMs } from '../../core/slo.ts';
import { type ScenarioResult, judgeScenario } from '../../loadgen/mlperf/scenario.ts';
import { type LoadRun, outcomes } from '../../loadgen/samples.ts';
import type { BenchMode } from './bench-mode.ts';

/** What a run of a scenario reports, and whether it kept the rules. */
export function scenarioResult(
  { scenario, load }: BenchMode & { readonly kind: 'scenario' },
  run: LoadRun,
  slo: Slo | undefined,
): ScenarioResult {
  return judgeScenario(scenario, {
    ascendingMs: queryLatencies(run),
    durationMs: run.durationMs,
    ratePerSecond: load.kind === 'rate' ? load.ratePerSecond : Number.NaN,
    boundMs: loosestLimitMs(slo, 'latency'),
  });
}

/** Latencies of all queries after the warm-up, ascending; Infinity for those without a good answer. */
function queryLatencies({ samples, warmupMs }: LoadRun): Float64Array {
  const ok = outcomes.indexOf('ok');
  const latencies: number[] = [];
  for (let row = 0; row < samples.count; row += 1) {
    const intendedMs = samples.intendedMs[row] ?? 0;
    if (intendedMs < warmupMs) continue;
    const isGood = samples.outcome[row] === ok;
    latencies.push(isGood ? (samples.endMs[row] ?? Infinity) - intendedMs : Infinity);
  }
  return Float64Array.from(latencies).toSorted();
}
