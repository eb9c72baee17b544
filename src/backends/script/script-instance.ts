import type { Batch, BatchItem, BatchRequest, BatchResult } from '../../core/batch.ts';
import type { Clock } from '../../core/clock.ts';
import { HeadwayError } from '../../core/error.ts';
import type { Logger } from '../../core/logger.ts';
import type { BackendInstance } from '../backend.ts';
import type { CallModel } from './call-model.ts';
import type { Outcome, SentCall, SentRequest } from './messages.ts';
import { type Expected, readResponses } from './read-responses.ts';
import type { ScriptProcess } from './script-process.ts';
import { headwayErrorOf } from './sent-error.ts';
import { type Supervisor, superviseScript } from './supervise-script.ts';

/** What an instance of a script is made of. */
export interface ScriptInstanceParts {
  readonly expected: Expected;
  readonly timeLimitMs: number;
  /** The process it begins with, initialised. */
  readonly first: ScriptProcess;
  /** Starts another one and initialises it. @throws HeadwayError why that failed. */
  readonly restart: (signal: AbortSignal) => Promise<ScriptProcess>;
  readonly callModel: CallModel;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a script may go on when nobody waits for its batch any more. */
const abortGraceMs = 1000;
const finaliseLimitMs = 5000;

/** Makes an instance that executes batches in the process of a script. */
export function createScriptInstance(parts: ScriptInstanceParts): BackendInstance {
  const { clock, logger, expected } = parts;
  const model = expected.config.name;
  const supervisor = superviseScript({ ...parts, model });
  return {
    execute: (batch, signal) => execute(parts, supervisor, { batch, signal }),
    async [Symbol.asyncDispose]() {
      const running = await supervisor.stop();
      if (running === undefined) return;
      await using owned = running;
      const startMs = clock.nowMs();
      try {
        const outcome = await owned.ask({ kind: 'finalise' }, { limitMs: finaliseLimitMs });
        if (outcome.kind === 'failed') throw headwayErrorOf(outcome.error, 'It threw');
      } catch (error) {
        const elapsedMs = Math.round(clock.nowMs() - startMs);
        logger.warning("A script's finalise() failed.", { model, elapsedMs, error });
      }
    },
  };
}

interface Run {
  readonly batch: Batch;
  readonly signal: AbortSignal;
}

async function execute(
  parts: ScriptInstanceParts,
  supervisor: Supervisor,
  run: Run,
): Promise<BatchResult> {
  const { clock, expected } = parts;
  const startMs = clock.nowMs();
  const running = await supervisor.running(run.signal);
  if (run.signal.aborted) throw cancelled();
  const askedMs = clock.nowMs();
  const outcome = await askToExecute(parts, running, run);
  const answeredMs = clock.nowMs();
  if (run.signal.aborted) throw cancelled();
  const items = readOutcome(outcome, run.batch.requests, expected);
  if (outcome.kind === 'done') supervisor.didWell();
  return {
    items,
    timings: {
      inputMs: askedMs - startMs,
      inferMs: answeredMs - askedMs,
      outputMs: clock.nowMs() - answeredMs,
    },
  };
}

/** What came of a run: the script's own answer, or the end of its process. */
type RunOutcome = Outcome<unknown> | { readonly kind: 'ended'; readonly error: HeadwayError };

async function askToExecute(
  { timeLimitMs, clock, callModel, expected }: ScriptInstanceParts,
  running: ScriptProcess,
  { batch, signal }: Run,
): Promise<RunOutcome> {
  const over = new AbortController();
  let cancelGrace = (): void => {};
  const onAbort = (): void => {
    running.abort();
    cancelGrace = clock.schedule(abortGraceMs, () => {
      running.kill('did not return when nobody waited for its answer any more');
    });
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const onCall = (call: SentCall): ReturnType<CallModel> =>
    callModel({
      ...call,
      caller: expected.config.name,
      deadlineMs: latestDeadlineMs(batch.requests),
      signal: AbortSignal.any([signal, over.signal]),
    });
  try {
    const requests = batch.requests.map(sentRequest);
    return await running.ask({ kind: 'execute', requests }, { limitMs: timeLimitMs, onCall });
  } catch (error) {
    if (error instanceof HeadwayError) return { kind: 'ended', error };
    throw error;
  } finally {
    cancelGrace();
    signal.removeEventListener('abort', onAbort);
    over.abort();
  }
}

/**
 * A batch whose script threw is tried again in parts by whoever asked, so that one bad request harms
 * no other. One that ended the process is not: that would take as many processes.
 * @throws HeadwayError what the script threw.
 */
function readOutcome(
  outcome: RunOutcome,
  requests: readonly BatchRequest[],
  expected: Expected,
): readonly BatchItem[] {
  switch (outcome.kind) {
    case 'done':
      return readResponses(outcome.value, requests, expected);
    case 'failed':
      throw headwayErrorOf(
        outcome.error,
        `Model '${expected.config.name}': its script's execute() failed`,
      );
    case 'ended':
      return requests.map(() => ({ kind: 'failed', error: outcome.error }));
  }
}

function sentRequest({ id, inputs, outputNames, parameters }: BatchRequest): SentRequest {
  return { id, inputs, outputNames, parameters };
}

/** When nobody needs the batch any more; `undefined` when one of its requests has no deadline. */
function latestDeadlineMs(requests: readonly BatchRequest[]): number | undefined {
  const latestMs = Math.max(...requests.map(({ deadlineMs }) => deadlineMs ?? Infinity));
  return latestMs === Infinity ? undefined : latestMs;
}

function cancelled(): HeadwayError {
  return new HeadwayError('cancelled', 'The run was cancelled.');
}
