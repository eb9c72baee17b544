import type { CancelTimer } from '../core/clock.ts';
import { type LoadOptions, beginRun } from './engine/load-frame.ts';
import type { LoadClient } from './load-client.ts';
import type { LoadRun, Outcome, Schedule } from './samples.ts';

/** Requests that are sent when others have ended. */
export interface ClosedLoop {
  /** Requests under way at one time. */
  readonly concurrency: number;
  readonly warmupMs: number;
  /** Of what is judged: the time after the warm-up. */
  readonly durationMs: number;
}

/** Requests sent before what came in is looked at again, when many are due. */
const burstLimit = 64;

/** What a place of a closed loop waits where nobody answers before it tries again. */
const retryMs = 100;

/** Rows a closed loop begins with room for. */
const closedLoopCapacity = 262_144;

/**
 * Sends requests when the schedule says, whatever becomes of those before. What a server does never
 * throws: it is in the outcomes.
 */
export async function runOpenLoop(
  schedule: Schedule,
  client: LoadClient,
  options: LoadOptions = {},
): Promise<LoadRun> {
  const { intendedMs, inputs } = schedule;
  const frame = beginRun({ ...schedule, capacity: intendedMs.length }, options);
  const { recorder, clock, elapsedMs } = frame;
  const { promise: allSent, resolve } = Promise.withResolvers<void>();
  let next = 0;
  let cancel: CancelTimer = () => {};
  const pump = (): void => {
    const limit = Math.min(next + burstLimit, intendedMs.length);
    const nowMs = elapsedMs();
    while (next < limit && (intendedMs[next] ?? 0) <= nowMs) {
      const row = next;
      next += 1;
      client.send(inputs?.[row] ?? row, recorder.begin(intendedMs[row] ?? 0));
    }
    const dueMs = intendedMs[next];
    if (dueMs === undefined) resolve();
    else cancel = clock.schedule(Math.max(0, dueMs - elapsedMs()), pump);
  };
  if (!frame.isStopped()) cancel = clock.schedule(Math.max(0, -elapsedMs()), pump);
  await Promise.race([allSent, frame.stopped]);
  cancel();
  return frame.finish(client, 'open');
}

/**
 * Keeps requests under way: each that ends is followed by the next. A place that finds nobody to
 * answer waits a moment before its next request.
 */
export async function runClosedLoop(
  loop: ClosedLoop,
  client: LoadClient,
  options: LoadOptions = {},
): Promise<LoadRun> {
  const { concurrency, warmupMs, durationMs } = loop;
  const { promise: allSent, resolve } = Promise.withResolvers<void>();
  let freePlaces = 0;
  let sentCount = 0;
  let isFilling = false;
  let isOver = false;
  const finish = (): void => {
    isOver = true;
    resolve();
  };
  const free = (placeCount: number): void => {
    freePlaces += placeCount;
    // A request may end before it is sent.
    if (!isFilling) fill();
  };
  const onEnd = (outcome: Outcome): void => {
    if (isOver) return;
    const isNobodyThere = outcome === 'disconnected' || outcome === 'dropped';
    if (isNobodyThere) frame.clock.schedule(retryMs, () => free(1));
    else free(1);
  };
  const frame = beginRun({ warmupMs, durationMs, capacity: closedLoopCapacity, onEnd }, options);
  const { recorder, clock, elapsedMs } = frame;
  const fill = (): void => {
    isFilling = true;
    for (; freePlaces > 0; freePlaces -= 1) {
      const turnMs = elapsedMs();
      if (turnMs >= warmupMs + durationMs) finish();
      if (isOver) break;
      sentCount += 1;
      client.send(sentCount - 1, recorder.begin(turnMs));
    }
    isFilling = false;
  };
  const beginIn = Math.max(0, -elapsedMs());
  const cancels = [
    clock.schedule(beginIn, () => free(concurrency)),
    clock.schedule(beginIn + warmupMs + durationMs, finish),
  ];
  await Promise.race([allSent, frame.stopped]);
  isOver = true;
  for (const cancel of cancels) cancel();
  return frame.finish(client, 'closed');
}
