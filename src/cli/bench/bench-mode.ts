import { invalidArgument } from '../../core/error.ts';
import { type Scenario, scenarioRules } from '../../loadgen/mlperf/scenario.ts';
import { parseLoadLevels } from '../../loadgen/search/load-levels.ts';

/** One load to measure. */
export type Load =
  | { readonly kind: 'rate'; readonly ratePerSecond: number }
  | { readonly kind: 'concurrency'; readonly concurrency: number }
  /** What the arrival law says by itself: a trace, a ramp, steps. */
  | { readonly kind: 'own' };

/** What a bench does. */
export type BenchMode =
  | { readonly kind: 'single'; readonly load: Load }
  | { readonly kind: 'sweep'; readonly loads: readonly Load[] }
  | { readonly kind: 'search'; readonly of: 'rate' | 'concurrency'; readonly startLoad: number }
  | { readonly kind: 'knee'; readonly maxConcurrency: number }
  | { readonly kind: 'scenario'; readonly scenario: Scenario; readonly load: Load };

/** The options that say how much load there is. */
export interface ModeOptions {
  readonly rate?: number;
  readonly concurrency?: number;
  readonly sweep?: string;
  readonly search?: 'rate' | 'concurrency';
  readonly knee?: boolean;
  readonly scenario?: Scenario;
}

/** Requests a second, where nothing says how many. */
export const defaultRate = 10;

const kneeLimit = 1_024;
const offlineConcurrency = 64;

/**
 * Decides what a bench does.
 * @param hasOwnRate whether the arrival law says by itself how much load there is.
 * @throws HeadwayError `invalid_argument` for options that contradict each other.
 */
export function benchMode(options: ModeOptions, hasOwnRate: boolean): BenchMode {
  const { rate, concurrency, sweep, search, knee, scenario } = options;
  checkPair(options);
  if (scenario !== undefined)
    return { kind: 'scenario', scenario, load: scenarioLoad(options, scenario) };
  if (hasOwnRate) {
    const given = Object.entries({ rate, concurrency, sweep, search, knee }).find(
      ([, value]) => value !== undefined,
    );
    if (given === undefined) return { kind: 'single', load: { kind: 'own' } };
    throw invalidArgument(
      `--${given[0]} cannot be used with an --arrival that has rates of its own`,
    );
  }
  if (sweep !== undefined) return { kind: 'sweep', loads: parseSweep(sweep) };
  if (search !== undefined) {
    return {
      kind: 'search',
      of: search,
      startLoad: search === 'rate' ? (rate ?? defaultRate) : (concurrency ?? 1),
    };
  }
  if (knee === true) return { kind: 'knee', maxConcurrency: concurrency ?? kneeLimit };
  if (concurrency !== undefined)
    return { kind: 'single', load: { kind: 'concurrency', concurrency } };
  return { kind: 'single', load: { kind: 'rate', ratePerSecond: rate ?? defaultRate } };
}

/** What may not stand side by side. */
function checkPair({ rate, concurrency, sweep, search, knee, scenario }: ModeOptions): void {
  const modes = Object.entries({ sweep, search, knee, scenario }).filter(
    ([, value]) => value !== undefined,
  );
  const [first, second] = modes;
  if (first !== undefined && second !== undefined) {
    throw invalidArgument(`--${first[0]} and --${second[0]} cannot be used together`);
  }
  if (rate !== undefined && concurrency !== undefined) {
    throw invalidArgument(
      '--rate (open loop) and --concurrency (closed loop) cannot be used together',
    );
  }
  const hasLoad = rate !== undefined || concurrency !== undefined;
  if (sweep !== undefined && hasLoad) {
    throw invalidArgument('--sweep names the loads itself: leave --rate and --concurrency out');
  }
  const misfit = search === 'rate' ? concurrency : search === 'concurrency' ? rate : undefined;
  if (misfit !== undefined) {
    throw invalidArgument(`--search ${search} starts from --${search}: leave the other one out`);
  }
  if (knee === true && rate !== undefined) {
    throw invalidArgument('--knee looks among concurrencies: leave --rate out');
  }
}

/** `rate=100:800:100` or `concurrency=1:64`. */
function parseSweep(text: string): Load[] {
  const [, of, levels] = /^(rate|concurrency)=(.*)$/.exec(text) ?? [];
  if (of === undefined || levels === undefined) {
    throw invalidArgument(
      `--sweep '${text}' says not what to sweep: write rate=100:800:100 or concurrency=1:64`,
    );
  }
  return of === 'rate'
    ? parseLoadLevels(levels, false).map((ratePerSecond) => ({ kind: 'rate', ratePerSecond }))
    : parseLoadLevels(levels, true).map((concurrency) => ({ kind: 'concurrency', concurrency }));
}

function scenarioLoad({ rate, concurrency }: ModeOptions, scenario: Scenario): Load {
  if (scenario === 'server') {
    if (rate === undefined || concurrency !== undefined) {
      throw invalidArgument('--scenario server needs --rate, and takes no --concurrency');
    }
    return { kind: 'rate', ratePerSecond: rate };
  }
  if (rate !== undefined) throw invalidArgument(`--scenario ${scenario} takes no --rate`);
  if (scenario === 'offline') {
    return { kind: 'concurrency', concurrency: concurrency ?? offlineConcurrency };
  }
  if (concurrency !== undefined) {
    const { samplesPerQuery } = scenarioRules[scenario];
    throw invalidArgument(
      `--scenario ${scenario} sends ${samplesPerQuery} at a time: leave --concurrency out`,
    );
  }
  return { kind: 'concurrency', concurrency: 1 };
}
