import type { LoadProgress } from '../../loadgen/engine/load-frame.ts';
import { probe } from '../../loadgen/probe.ts';
import { openPlannedClient } from '../../loadgen/process/open-planned-client.ts';
import { type Generators, startGenerators } from '../../loadgen/process/start-generators.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import type { EvidenceKind } from '../../store/evidence.ts';
import type { CliContext } from '../context.ts';
import { packageFile } from '../version.ts';
import type { CommonOptions } from './common-options.ts';
import { type SessionEnding, openEvidenceSession } from './evidence-session.ts';
import { explainFailure } from './explain-failure.ts';
import { createLiveDisplay } from './live-display.ts';
import { type LoadTarget, type TargetOptions, openLoadTarget } from './load-target.ts';
import { type LoadShape, type RunChoice, sendLoad } from './send-load.ts';
import { readTlsFiles } from './tls-files.ts';

/** Which of two servers a run is sent to. */
export type Side = 'first' | 'second';

/** Servers that answer, and the record of what is measured of them. */
export interface LoadSession extends AsyncDisposable {
  /** Of the record; `undefined` when none is kept. */
  readonly evidenceId: string | undefined;
  /**
   * Sends load and keeps its samples. Stopped, it gives what was measured until then.
   * @param name what the run is called on the live display and in the record.
   */
  measure(name: string, choice: RunChoice, side?: Side): Promise<LoadRun>;
  /**
   * Ends the record.
   * @throws HeadwayError when not all could be kept, such as on a full disk.
   */
  finish(result: unknown, ending?: SessionEnding): void;
}

export interface SessionOptions {
  readonly kind: EvidenceKind;
  readonly url: string;
  /** The server that the first one is compared with. */
  readonly vs?: string | undefined;
  readonly options: CommonOptions;
  /** What the record tells of the load. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Requests that are sent at once as one query; 1 when left out. */
  readonly samplesPerQuery?: number;
  /** Processes that send. */
  readonly generators: number;
  /** How long answers may still come when the last request of a run was sent. */
  readonly drainMs: number;
}

/**
 * Prepares the requests, makes sure that each server answers the first one, and begins the record.
 * @throws HeadwayError when a server is not there, or is none of that kind.
 */
export async function openLoadSession(
  context: CliContext,
  session: SessionOptions,
): Promise<LoadSession> {
  const { kind, url, vs, options, settings, drainMs } = session;
  const asked = { ...options, tls: await readTlsFiles(context.cwd, options) };
  const targets = [await openAnsweringTarget(context, url, asked)];
  if (vs !== undefined) targets.push(await openAnsweringTarget(context, vs, asked));
  await using owned = new AsyncDisposableStack();
  const mainPath = packageFile('loadgen/process/main');
  const [server = {}, vsServer] = targets.map((target) => target.server);
  const evidence = owned.use(
    openEvidenceSession(context, options, {
      kind,
      url,
      settings,
      server: vsServer === undefined ? { ...server } : { ...server, vs: vsServer },
    }),
  );
  const senders: Generators[] = [];
  for (const { plan } of targets) {
    const { generators: count, samplesPerQuery } = session;
    const client = { ...plan, samplesPerQuery };
    senders.push(owned.use(await startGenerators({ mainPath, count, client })));
  }
  const display = createLiveDisplay(context);
  const resources = owned.move();
  return {
    evidenceId: evidence.id,
    async measure(name, choice, side = 'first') {
      const sender = senders[side === 'first' ? 0 : 1];
      if (sender === undefined) throw new RangeError('There is no second server.');
      const onTick = (progress: LoadProgress): void => display.update(name, progress);
      const { signal } = context;
      const sending = sendLoad(choice, sender, { signal, drainMs, onTick });
      const run = await sending.finally(() => display.finish());
      const { shape, seed } = choice;
      const about = { shape: briefShape(shape), seed, ...(side === 'second' ? { url: vs } : {}) };
      evidence.addRun(name, run, about);
      return run;
    },
    finish: (result, ending) => evidence.finish(result, ending),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A trace's own times are among the samples. */
function briefShape(shape: LoadShape): unknown {
  return shape.kind === 'open' && shape.arrival.kind === 'trace' ? { kind: 'trace' } : shape;
}

/** A target whose server has answered one request well. */
async function openAnsweringTarget(
  context: CliContext,
  url: string,
  options: TargetOptions,
): Promise<LoadTarget> {
  try {
    const target = await openLoadTarget(context, url, options);
    for (const note of target.notes) context.stderr.write(`headway: ${note}\n`);
    await using first = openPlannedClient(target.firstPlan ?? target.plan);
    await probe(first, { url, clock: context.clock, timeoutMs: options.timeout });
    return target;
  } catch (thrown) {
    throw await explainFailure(url, options, thrown);
  }
}
