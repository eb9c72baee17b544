import type { CancelTimer, Clock } from '../../core/clock.ts';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import type { Logger } from '../../core/logger.ts';
import { restartDelayMs } from './restart-delay.ts';
import type { ScriptProcess } from './script-process.ts';

/** What is supervised. */
export interface SupervisorParts {
  readonly model: string;
  readonly first: ScriptProcess;
  /** Starts another one; aborting ends that. */
  readonly restart: (signal: AbortSignal) => Promise<ScriptProcess>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the process of one instance running: starts another one when it has ended. */
export interface Supervisor {
  /**
   * The process, when it runs; waits for the restart under way and its back-off.
   * @throws HeadwayError `cancelled` when the signal is aborted first, `unavailable` when the
   * restart failed.
   */
  running(signal: AbortSignal): Promise<ScriptProcess>;
  /** It answered a batch: the next time it ends, it starts again at once. */
  didWell(): void;
  /** Starts it no more; answers the process that still runs. */
  stop(): Promise<ScriptProcess | undefined>;
}

/** Supervises the process of an instance. */
export function superviseScript(parts: SupervisorParts): Supervisor {
  return new ScriptSupervisor(parts);
}

class ScriptSupervisor implements Supervisor {
  readonly #parts: SupervisorParts;
  #state: State;
  #failureCount = 0;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#state = this.#supervise(parts.first);
  }

  async running(signal: AbortSignal): Promise<ScriptProcess> {
    const state = this.#state;
    if (signal.aborted) throw cancelled();
    if (state.kind === 'stopped') throw new TypeError('the instance is disposed of');
    return state.kind === 'running' ? state.process : unlessAborted(state.restarted, signal);
  }

  didWell(): void {
    this.#failureCount = 0;
  }

  async stop(): Promise<ScriptProcess | undefined> {
    const state = this.#state;
    this.#state = { kind: 'stopped' };
    if (state.kind === 'running') return state.process;
    if (state.kind === 'restarting') {
      state.cancel();
      state.abort.abort();
      state.begun();
      await state.restarted.catch(() => {});
    }
    return undefined;
  }

  #supervise(process: ScriptProcess): State {
    const isCurrent = (): boolean =>
      this.#state.kind === 'running' && this.#state.process === process;
    void process.ended.then((failure) => isCurrent() && this.#failed(failure));
    return { kind: 'running', process };
  }

  /** It ended, or could not be started: it is started again, later each time. */
  #failed(failure: HeadwayError): true {
    const { clock, logger, model } = this.#parts;
    this.#failureCount += 1;
    const delayMs = restartDelayMs(this.#failureCount);
    logger.warning('A script is started again.', { model, reason: failure.message, delayMs });
    const begun = Promise.withResolvers<void>();
    const abort = new AbortController();
    const restarted = begun.promise.then(() => this.#restart(abort.signal));
    // Nobody may be waiting for it.
    restarted.catch(() => {});
    const cancel = clock.schedule(delayMs, begun.resolve);
    this.#state = { kind: 'restarting', restarted, abort, cancel, begun: begun.resolve };
    return true;
  }

  async #restart(signal: AbortSignal): Promise<ScriptProcess> {
    try {
      if (signal.aborted) throw cancelled();
      const process = await this.#parts.restart(signal);
      if (signal.aborted) await process[Symbol.asyncDispose]();
      else this.#state = this.#supervise(process);
      return process;
    } catch (thrown) {
      const error = toHeadwayError(thrown);
      if (!signal.aborted) this.#failed(error);
      throw new HeadwayError(
        'unavailable',
        `The script of model '${this.#parts.model}' could not be started again: ${error.message}`,
        { cause: thrown },
      );
    }
  }
}

interface Restarting {
  readonly kind: 'restarting';
  readonly restarted: Promise<ScriptProcess>;
  /** Ends the attempt. */
  readonly abort: AbortController;
  /** Begins the attempt, which waits for its back-off; `cancel` leaves that off. */
  readonly begun: () => void;
  readonly cancel: CancelTimer;
}

type State =
  | { readonly kind: 'running'; readonly process: ScriptProcess }
  | Restarting
  | { readonly kind: 'stopped' };

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(cancelled());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function cancelled(): HeadwayError {
  return new HeadwayError('cancelled', 'The run was cancelled.');
}
