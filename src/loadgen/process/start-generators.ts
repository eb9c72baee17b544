import type { LoadOptions, LoadProgress } from '../engine/load-frame.ts';
import type { ClosedLoop } from '../run-load.ts';
import type { LoadRun, Schedule } from '../samples.ts';
import { type GeneratorProcess, startGenerator } from './generator-process.ts';
import { mergeRuns } from './merge-runs.ts';
import { createProgressMerger } from './merge-progress.ts';
import type { ClientPlan, PlannedLoad } from './messages.ts';
import { sharedNowMs } from './shared-clock.ts';
import { splitLoad } from './split-load.ts';

export interface GeneratorsOptions {
  /** The file that the processes run: `main` of this folder. */
  readonly mainPath: string;
  readonly count: number;
  readonly client: ClientPlan;
}

/** What a run in processes of their own may be told. */
export type GeneratedLoadOptions = Pick<LoadOptions, 'signal' | 'onTick' | 'tickMs' | 'drainMs'>;

/** Processes that generate load together. Their connections are kept from run to run. */
export interface Generators extends AsyncDisposable {
  runOpenLoop(schedule: Schedule, options?: GeneratedLoadOptions): Promise<LoadRun>;
  runClosedLoop(loop: ClosedLoop, options?: GeneratedLoadOptions): Promise<LoadRun>;
}

const defaultTickMs = 500;

/** Time for every process to hear of a run before it begins. */
const leadMs = 250;

/**
 * Starts processes that share the load. One that dies in a run leaves its part of it `dropped`.
 * @throws HeadwayError `invalid_argument` when the client cannot be made, `internal` when a process cannot be started.
 */
export async function startGenerators(options: GeneratorsOptions): Promise<Generators> {
  await using owned = new AsyncDisposableStack();
  const starting = Array.from({ length: options.count }, () => startGenerator(options));
  const started = await Promise.allSettled(starting);
  const processes: GeneratorProcess[] = [];
  for (const it of started) if (it.status === 'fulfilled') processes.push(owned.use(it.value));
  for (const it of started) if (it.status === 'rejected') throw it.reason;
  const resources = owned.move();

  async function run(load: PlannedLoad, given: GeneratedLoadOptions): Promise<LoadRun> {
    const { onTick, tickMs = defaultTickMs, drainMs, signal } = given;
    const takeTick = createProgressMerger(processes.length, onTick ?? (() => {}));
    const settings = {
      drainMs,
      tickMs: onTick === undefined ? undefined : tickMs,
      startAtMs: sharedNowMs() + leadMs,
    };
    const parts = splitLoad(load, processes.length);
    const [first, ...rest] = await Promise.all(
      processes.map((it, index) =>
        it.run(parts[index] ?? load, {
          ...settings,
          signal,
          onTick: (progress: LoadProgress) => takeTick(index, progress),
        }),
      ),
    );
    if (first === undefined) throw new RangeError('There are no generator processes.');
    return mergeRuns([first, ...rest]);
  }
  return {
    runOpenLoop: (schedule, given = {}) => run({ kind: 'open', schedule }, given),
    runClosedLoop: (loop, given = {}) => run({ kind: 'closed', loop }, given),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
