import { type ChildProcess, fork } from 'node:child_process';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { LoadProgress } from '../engine/load-frame.ts';
import { firstRowFrom } from '../first-row.ts';
import { type LoadRun, outcomes } from '../samples.ts';
import type { ClientPlan, FromGenerator, PlannedLoad, ToGenerator } from './messages.ts';
import { sharedNowMs } from './shared-clock.ts';

export interface GeneratorOptions {
  readonly mainPath: string;
  readonly client: ClientPlan;
}

export interface RunSettings {
  readonly drainMs: number | undefined;
  readonly tickMs: number | undefined;
  readonly startAtMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onTick: (progress: LoadProgress) => void;
}

/** A process that generates load. Disposing ends it. */
export interface GeneratorProcess extends AsyncDisposable {
  /**
   * One run at a time. When the process dies, what it measured is lost: all of its part of an open
   * loop counts as `dropped`, and the run tells of the loss.
   */
  run(load: PlannedLoad, settings: RunSettings): Promise<LoadRun>;
}

/** Room from the start for what is young, so that collecting it is rare; measured in decision 10. */
const semiSpaceMebibytes = 16;

export async function startGenerator({
  mainPath,
  client,
}: GeneratorOptions): Promise<GeneratorProcess> {
  const child = fork(mainPath, [], {
    execArgv: ['min', 'max'].map((bound) => `--${bound}-semi-space-size=${semiSpaceMebibytes}`),
    serialization: 'advanced',
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  try {
    tell(child, { kind: 'connect', client });
  } catch (thrown) {
    // What cannot be sent to a process is thrown at once, and the process would wait for ever.
    child.kill('SIGKILL');
    throw thrown;
  }
  const answer = await nextAnswer(child, () => {});
  if (answer.kind === 'refused') {
    child.disconnect();
    throw invalidArgument(answer.message);
  }
  if (answer.kind === 'gone') {
    throw new HeadwayError('internal', `A process that generates load ${answer.reason}.`);
  }
  return {
    async run(load, { signal, onTick, ...settings }) {
      let stoppedMs = Infinity;
      const stop = (): void => {
        stoppedMs = sharedNowMs() - settings.startAtMs;
        tell(child, { kind: 'stop' });
      };
      tell(child, { kind: 'run', load, ...settings });
      if (signal?.aborted === true) stop();
      signal?.addEventListener('abort', stop);
      const told = await nextAnswer(child, onTick);
      signal?.removeEventListener('abort', stop);
      return told.kind === 'done' ? told.run : droppedRun(load, told, stoppedMs);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

type Gone = { readonly kind: 'gone'; readonly reason: string };

function tell(child: ChildProcess, message: ToGenerator): void {
  // One that is gone tells so by its end.
  if (child.connected) child.send(message, () => {});
}

/** What the process says next, other than how a run stands. */
function nextAnswer(
  child: ChildProcess,
  onTick: (progress: LoadProgress) => void,
): Promise<Exclude<FromGenerator, { readonly kind: 'tick' }> | Gone> {
  return new Promise((resolve) => {
    const settle = (answer: Exclude<FromGenerator, { readonly kind: 'tick' }> | Gone): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      resolve(answer);
    };
    const onMessage = (message: FromGenerator): void => {
      if (message.kind === 'tick') onTick(message.progress);
      else settle(message);
    };
    const onExit = (code: number | null, signal: string | null): void =>
      settle({ kind: 'gone', reason: `ended with ${signal ?? `exit code ${code}`}` });
    const onError = (error: Error): void =>
      settle({ kind: 'gone', reason: `cannot be run: ${error.message}` });
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.on('error', onError);
    if (child.exitCode !== null || child.signalCode !== null) {
      onExit(child.exitCode, child.signalCode);
    }
  });
}

/** @param stoppedMs what was due later had not to be sent any more. */
function droppedRun(
  load: PlannedLoad,
  told: Gone | { readonly kind: string },
  stoppedMs: number,
): LoadRun {
  const { warmupMs, durationMs } = load.kind === 'open' ? load.schedule : load.loop;
  const allMs = load.kind === 'open' ? load.schedule.intendedMs : new Float64Array();
  const count = firstRowFrom({ count: allMs.length, intendedMs: allMs }, stoppedMs);
  const intendedMs = allMs.slice(0, count);
  const never = (): Float64Array => new Float64Array(count).fill(Number.NaN);
  const reason = `a process that generates load ${'reason' in told ? told.reason : 'failed'}`;
  return {
    samples: {
      count,
      intendedMs,
      sentMs: never(),
      firstByteMs: never(),
      endMs: never(),
      outcome: new Uint8Array(count).fill(outcomes.indexOf('dropped')),
      queueMs: new Float32Array(count).fill(Number.NaN),
      computeMs: new Float32Array(count).fill(Number.NaN),
    },
    loop: load.kind,
    warmupMs,
    durationMs: Math.max(0, Math.min(durationMs, stoppedMs - warmupMs)),
    reasons: new Map([[reason, Math.max(1, count)]]),
    startedAtUnixMs: Date.now(),
    lostGeneratorCount: 1,
  };
}
