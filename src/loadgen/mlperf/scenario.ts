import { allowedLate, earlyStoppingEstimate, queriesNeeded } from './early-stopping.ts';

/** MLPerf's four ways of asking a system for answers. */
export const scenarios = ['single-stream', 'multi-stream', 'server', 'offline'] as const;

export type Scenario = (typeof scenarios)[number];

/** What a run of a scenario must have to count. Source: MLPerf's inference rules, section 3. */
export interface ScenarioRules {
  /** The share of queries that the reported latency, or the bound, is about. */
  readonly share: number;
  readonly samplesPerQuery: number;
  readonly minDurationMs: number;
  readonly minSamples: number;
}

const minDurationMs = 600_000;

/** The confidence that early stopping is made with. */
const confidence = 0.99;

export const scenarioRules: Readonly<Record<Scenario, ScenarioRules>> = {
  'single-stream': { share: 0.9, samplesPerQuery: 1, minDurationMs, minSamples: 64 },
  'multi-stream': { share: 0.99, samplesPerQuery: 8, minDurationMs, minSamples: 662 * 8 },
  server: { share: 0.99, samplesPerQuery: 1, minDurationMs, minSamples: 459 },
  offline: { share: 1, samplesPerQuery: 1, minDurationMs, minSamples: 24_576 },
};

/** What a run of a scenario measured. */
export interface ScenarioRun {
  /** Latencies of queries, ascending, in milliseconds; Infinity for those without a good answer. */
  readonly ascendingMs: Float64Array;
  readonly durationMs: number;
  /** Queries a second that were scheduled; used by `server`. */
  readonly ratePerSecond: number;
  /** The latency that `server` must hold. */
  readonly boundMs: number | undefined;
}

/** What a scenario reports, and whether MLPerf's rules for it were kept. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  /** What `value` is. */
  readonly metric: string;
  readonly unit: 'ms' | 'samples/s';
  /** `undefined` when there are too few queries to say. */
  readonly value: number | undefined;
  readonly isValid: boolean;
  /** Which rules were not kept. */
  readonly reasons: readonly string[];
}

/** Sums up a run of a scenario by MLPerf's rules. */
export function judgeScenario(scenario: Scenario, run: ScenarioRun): ScenarioResult {
  const rules = scenarioRules[scenario];
  const queries = run.ascendingMs.length;
  const reasons: string[] = [];
  if (run.durationMs < rules.minDurationMs) {
    reasons.push(
      `ran ${seconds(run.durationMs)} s; the rules want ${seconds(rules.minDurationMs)} s`,
    );
  }
  if (queries * rules.samplesPerQuery < rules.minSamples) {
    reasons.push(
      `${queries * rules.samplesPerQuery} samples; the rules want ${rules.minSamples} at least`,
    );
  }
  const unanswered = run.ascendingMs.filter((latencyMs) => latencyMs === Infinity).length;
  if (unanswered > 0 && scenario !== 'server') {
    reasons.push(`${unanswered} of ${queries} queries were not answered well`);
  }
  if (scenario === 'server') reasons.push(...serverReasons(run, rules.share));
  return { scenario, ...reported(scenario, run), isValid: reasons.length === 0, reasons };
}

function serverReasons({ ascendingMs, boundMs }: ScenarioRun, share: number): string[] {
  if (boundMs === undefined) return ['no latency bound was given'];
  const late = ascendingMs.filter((latencyMs) => latencyMs > boundMs).length;
  const count = ascendingMs.length;
  if (late <= allowedLate(count, share, confidence)) return [];
  if (late > count * (1 - share)) {
    return [`${late} of ${count} queries took longer than ${boundMs} ms: lower the rate`];
  }
  const more = queriesNeeded(late, share, confidence) - count;
  return [`early stopping needs ${more} more queries, all of them within ${boundMs} ms`];
}

function reported(
  scenario: Scenario,
  { ascendingMs, durationMs, ratePerSecond }: ScenarioRun,
): Pick<ScenarioResult, 'metric' | 'unit' | 'value'> {
  const { share } = scenarioRules[scenario];
  switch (scenario) {
    case 'single-stream':
    case 'multi-stream':
      return {
        metric: `p${share * 100} latency, early-stopping estimate`,
        unit: 'ms',
        value: earlyStoppingEstimate(ascendingMs, share, confidence),
      };
    case 'server':
      return { metric: 'scheduled rate', unit: 'samples/s', value: ratePerSecond };
    case 'offline': {
      const answered = ascendingMs.filter((latencyMs) => latencyMs !== Infinity).length;
      return { metric: 'throughput', unit: 'samples/s', value: (answered / durationMs) * 1_000 };
    }
    default:
      return scenario satisfies never;
  }
}

function seconds(durationMs: number): string {
  return String(Number((durationMs / 1_000).toFixed(1)));
}
