import type { ScenarioResult } from '../../loadgen/mlperf/scenario.ts';
import { planHighestLoad } from '../../loadgen/search/highest-load.ts';
import { type MeasuredConcurrency, planKnee } from '../../loadgen/search/knee.ts';
import type { BenchMode, Load } from './bench-mode.ts';

/** What a mode needs to know of one measurement. */
export interface Measurement {
  readonly load: Load;
  /** Whether the generator kept up. */
  readonly isValid: boolean;
  /** Whether the latency bound held; `undefined` without a bound. */
  readonly isWithin: boolean | undefined;
  readonly throughputPerSecond: number;
  readonly medianMs: number;
}

/**
 * Loads next to what was found, or that one itself, whose generator could not keep up: it may be the
 * generator's limit that was found. Loads farther off do not matter.
 */
type InvalidLoads = readonly number[];

/** What a mode found beside its measurements. */
export type Finding =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'highest';
      readonly of: 'rate' | 'concurrency';
      readonly within: number | undefined;
      readonly beyond: number | undefined;
      readonly invalidLoads: InvalidLoads;
    }
  /** A search that ended where the generator could not keep up though the bound held. */
  | { readonly kind: 'unknown'; readonly of: 'rate' | 'concurrency'; readonly invalidLoad: number }
  | { readonly kind: 'knee'; readonly concurrency: number; readonly invalidLoads: InvalidLoads }
  | { readonly kind: 'scenario'; readonly result: ScenarioResult };

/** What a mode measured and found. */
export interface ModeOutcome<One> {
  readonly measured: readonly One[];
  readonly finding: Finding;
}

/** How a mode measures; the signal that stops it is the measurer's own affair. */
export interface ModeHooks<One extends Measurement> {
  measure(load: Load): Promise<One>;
  judgeScenario(mode: BenchMode & { kind: 'scenario' }, measured: One): ScenarioResult;
  isStopped(): boolean;
}

const searchPrecision = 0.05;
const maxRate = 1_000_000;
const maxConcurrency = 65_536;

/** Measures what a mode asks for, in order. Ends early, without a finding, when it is stopped. */
export async function runMode<One extends Measurement>(
  mode: BenchMode,
  hooks: ModeHooks<One>,
): Promise<ModeOutcome<One>> {
  switch (mode.kind) {
    case 'single':
      return { measured: [await hooks.measure(mode.load)], finding: { kind: 'none' } };
    case 'sweep':
      return runSweep(mode.loads, hooks);
    case 'search':
      return runSearch(mode, hooks);
    case 'knee':
      return runKnee(mode.maxConcurrency, hooks);
    case 'scenario': {
      const one = await hooks.measure(mode.load);
      const result = hooks.judgeScenario(mode, one);
      return { measured: [one], finding: { kind: 'scenario', result } };
    }
    default:
      return mode satisfies never;
  }
}

/**
 * The measurements whose generator must have kept up: all, but of a search those next to what was
 * found, as loads far beyond that may well be beyond the generator too.
 */
export function countedAmong<One extends Measurement>({
  measured,
  finding,
}: ModeOutcome<One>): readonly One[] {
  if (finding.kind !== 'highest' && finding.kind !== 'knee') return measured;
  return measured.filter(({ load }) => finding.invalidLoads.includes(amountOf(load)));
}

async function runSweep<One extends Measurement>(loads: readonly Load[], hooks: ModeHooks<One>) {
  const measured: One[] = [];
  for (const load of loads) {
    if (hooks.isStopped()) break;
    measured.push(await hooks.measure(load));
  }
  return { measured, finding: { kind: 'none' } } as const;
}

/** Ends at a load that the generator, and not the server, cannot keep up with. */
async function runSearch<One extends Measurement>(
  { of, startLoad }: BenchMode & { kind: 'search' },
  hooks: ModeHooks<One>,
) {
  const isWhole = of === 'concurrency';
  const search = {
    startLoad,
    isWhole,
    minLoad: isWhole ? 1 : startLoad / 1024,
    maxLoad: isWhole ? maxConcurrency : maxRate,
    precision: searchPrecision,
  };
  const measured: One[] = [];
  for (;;) {
    const judged = measured.map((one) => ({
      load: amountOf(one.load),
      isWithin: one.isWithin === true,
    }));
    const step = planHighestLoad(judged, search);
    if (step.kind === 'found') {
      const { within, beyond } = step;
      const invalidLoads = invalidAmong(measured, [within, beyond]);
      return { measured, finding: { kind: 'highest', of, within, beyond, invalidLoads } } as const;
    }
    const last = measured.at(-1);
    if (hooks.isStopped()) return { measured, finding: { kind: 'none' } } as const;
    if (last !== undefined && !last.isValid && last.isWithin === true) {
      const invalidLoad = amountOf(last.load);
      return { measured, finding: { kind: 'unknown', of, invalidLoad } } as const;
    }
    measured.push(await hooks.measure(loadOf(of, step.load)));
  }
}

async function runKnee<One extends Measurement>(limit: number, hooks: ModeHooks<One>) {
  const measured: One[] = [];
  for (;;) {
    const step = planKnee(measured.map(toPoint), limit);
    if (step.kind === 'found') {
      const { concurrency } = step;
      const invalidLoads = invalidAmong(measured, withNeighbours(measured, concurrency));
      return { measured, finding: { kind: 'knee', concurrency, invalidLoads } } as const;
    }
    if (hooks.isStopped()) return { measured, finding: { kind: 'none' } } as const;
    measured.push(await hooks.measure(loadOf('concurrency', step.concurrency)));
  }
}

function invalidAmong(
  measured: readonly Measurement[],
  loads: readonly (number | undefined)[],
): InvalidLoads {
  return measured
    .filter(({ isValid, load }) => !isValid && loads.includes(amountOf(load)))
    .map(({ load }) => amountOf(load));
}

/** A load, and the nearest that were measured below and above it. */
function withNeighbours(measured: readonly Measurement[], load: number): (number | undefined)[] {
  const amounts = measured.map((one) => amountOf(one.load)).toSorted((a, b) => a - b);
  return [
    amounts.findLast((amount) => amount < load),
    load,
    amounts.find((amount) => amount > load),
  ];
}

function toPoint({ load, throughputPerSecond, medianMs }: Measurement): MeasuredConcurrency {
  return { concurrency: amountOf(load), throughputPerSecond, latencyMs: medianMs };
}

function loadOf(of: 'rate' | 'concurrency', amount: number): Load {
  return of === 'rate'
    ? { kind: 'rate', ratePerSecond: amount }
    : { kind: 'concurrency', concurrency: amount };
}

/** How much load it is; NaN where the arrival law says it. */
export function amountOf(load: Load): number {
  switch (load.kind) {
    case 'rate':
      return load.ratePerSecond;
    case 'concurrency':
      return load.concurrency;
    case 'own':
      return Number.NaN;
    default:
      return load satisfies never;
  }
}
