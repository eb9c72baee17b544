import { startGenerators } from '../../loadgen/process/start-generators.ts';
import type { GeneratedLoadOptions } from '../../loadgen/process/start-generators.ts';
import { type ClosedLoop, runClosedLoop, runOpenLoop } from '../../loadgen/run-load.ts';
import type { LoadClient } from '../../loadgen/load-client.ts';
import type { LoadRun, Schedule } from '../../loadgen/samples.ts';
import { invalidArgument } from '../../core/error.ts';
import { packageFile } from '../version.ts';
import type { LoadTarget } from './load-target.ts';

/** What sends load: processes that do nothing else, or this one. */
export interface LoadSender extends AsyncDisposable {
  runOpenLoop(schedule: Schedule, options: GeneratedLoadOptions): Promise<LoadRun>;
  runClosedLoop(loop: ClosedLoop, options: GeneratedLoadOptions): Promise<LoadRun>;
}

export interface SenderOptions {
  /** How many processes send. */
  readonly count: number;
  /** Makes another client of the one that sends single requests; such load is sent by this process. */
  readonly wrap: ((client: LoadClient) => LoadClient) | undefined;
}

/**
 * Opens what sends load to a target.
 * @throws HeadwayError `invalid_argument` for several processes where only this one can send.
 */
export async function openSender(
  target: LoadTarget,
  { count, wrap }: SenderOptions,
): Promise<LoadSender> {
  if (target.plan !== undefined && wrap === undefined) {
    const mainPath = packageFile('loadgen/process/main');
    return startGenerators({ mainPath, count, client: target.plan });
  }
  if (count > 1) {
    throw invalidArgument('This load is sent by one process: leave --generators out');
  }
  const single = target.openClient(false);
  const client = wrap?.(single) ?? single;
  return {
    runOpenLoop: (schedule, options) => runOpenLoop(schedule, client, options),
    runClosedLoop: (loop, options) => runClosedLoop(loop, client, options),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
