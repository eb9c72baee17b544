import type { Command } from 'commander';
import { invalidArgument } from '../../core/error.ts';
import { type Slo, parseSlo } from '../../core/slo.ts';
import type { CliContext } from '../context.ts';
import { type ArrivalLaw, completeLaw, readArrivalLaw } from '../load/arrival-law.ts';
import type { CommonOptions } from '../load/common-options.ts';
import type { LoadShape } from '../load/send-load.ts';
import { checkSloProtocol } from '../load/streamed-slo.ts';
import {
  type BenchMode,
  type Load,
  type ModeOptions,
  benchMode,
  defaultRate,
} from './bench-mode.ts';

/** What `headway bench` was told. */
export interface BenchOptions extends CommonOptions, ModeOptions {
  readonly arrival: string;
  readonly generators: number;
  readonly duration: number;
  readonly warmup: number;
  readonly slo?: readonly string[];
  readonly jsonl?: string;
  readonly histogram?: string;
  readonly report?: string;
  readonly vs?: string;
  readonly pairs: number;
}

/** What the command line asks for. */
export interface BenchChoice {
  readonly mode: BenchMode;
  readonly law: ArrivalLaw;
  readonly slo: Slo | undefined;
}

type CompleteLaw = Exclude<ArrivalLaw, { readonly kind: 'traceFile' }>;

/** What a bench will do. */
export interface BenchPlan extends BenchChoice {
  readonly law: CompleteLaw;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** @throws HeadwayError `invalid_argument` for options that contradict each other or the address. */
export function readBenchChoice(url: string, options: BenchOptions): BenchChoice {
  const law = readArrivalLaw(options.arrival);
  const mode = benchMode(options, law.kind !== 'atRate');
  const slo = options.slo === undefined ? undefined : parseSlo(options.slo.join(','));
  if (slo === undefined && mode.kind === 'search') {
    throw invalidArgument('--search needs the latency that must hold: add --slo p99=100ms');
  }
  if (slo?.ratePerSecond !== undefined) {
    throw invalidArgument('--slo of bench bounds latency alone: give the rate with --rate');
  }
  checkSloProtocol(slo, url, options);
  if (options.vs !== undefined && mode.kind !== 'single') {
    throw invalidArgument('--vs compares at one load: give --rate or --concurrency alone');
  }
  return { mode, law, slo };
}

/**
 * Reads what the choice names. A law that knows its length is run whole, unless the command line
 * says how long.
 * @throws HeadwayError for a trace that is none.
 */
export async function completePlan(
  { law, ...choice }: BenchChoice,
  { cwd }: Pick<CliContext, 'cwd'>,
  command: Command,
): Promise<BenchPlan> {
  const options = command.opts<BenchOptions>();
  const complete = await completeLaw(law, cwd);
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) !== 'default';
  const ownMs = complete.kind === 'own' ? complete.durationMs : undefined;
  const isTrace = complete.kind === 'own' && complete.arrival.kind === 'trace';
  const warmupMs = isTrace && !isGiven('warmup') ? 0 : options.warmup;
  // A trace begins with its warm-up, steps come after it.
  const restMs = ownMs === undefined ? undefined : isTrace ? ownMs - warmupMs : ownMs;
  const durationMs = isGiven('duration') || restMs === undefined ? options.duration : restMs;
  return { ...choice, law: complete, warmupMs, durationMs };
}

/** How the requests of a load come. */
export function shapeOf(load: Load, law: CompleteLaw): LoadShape {
  if (load.kind === 'concurrency') return { kind: 'closed', concurrency: load.concurrency };
  if (law.kind === 'own') return { kind: 'open', arrival: law.arrival };
  return { kind: 'open', arrival: law.at(load.kind === 'rate' ? load.ratePerSecond : defaultRate) };
}
