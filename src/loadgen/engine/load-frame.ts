import type { Clock } from '../../core/clock.ts';
import type { LoadClient } from '../load-client.ts';
import type { LoadRun, Outcome } from '../samples.ts';
import { createPreciseClock } from './precise-clock.ts';
import { type Recorder, createRecorder } from './recorder.ts';

/** How a run stands, for a live display. */
export interface LoadProgress {
  /** Since the run began, with the warm-up. */
  readonly elapsedMs: number;
  /** How long it goes on at most, with the warm-up. */
  readonly totalMs: number;
  readonly begunCount: number;
  readonly endedCount: number;
  /** Ended with another outcome than `ok`. */
  readonly failedCount: number;
  /** Of what ended since the last call, from the intended times; a few thousand at most. */
  readonly recentLatenciesMs: Float64Array;
}

export interface LoadOptions {
  /** Stops sending; answers under way may still come for five seconds, or the time to drain. */
  readonly signal?: AbortSignal | undefined;
  readonly onTick?: ((progress: LoadProgress) => void) | undefined;
  /** Between calls of `onTick`; 500 when left out. */
  readonly tickMs?: number | undefined;
  /** How long answers may still come when the last request was sent; 5,000 when left out. */
  readonly drainMs?: number | undefined;
  /** When the run begins on the clock; at once when left out. */
  readonly startAtMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What both loops have in common: the clock, the record, the ticks, the end. */
export interface LoadFrame {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Milliseconds since the run began. */
  readonly elapsedMs: () => number;
  readonly isStopped: () => boolean;
  /** Resolves when the run is stopped from outside. */
  readonly stopped: Promise<void>;
  /** Waits for the answers under way, cuts off what does not come, and gives the record. */
  finish(client: LoadClient, loop: LoadRun['loop']): Promise<LoadRun>;
}

interface FrameSettings {
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly capacity: number;
  readonly onEnd?: (outcome: Outcome) => void;
}

const defaultTickMs = 500;
const defaultDrainMs = 5000;

/** Who stops a run waits for its end. */
const stoppedDrainMs = 5000;

/** Begins a run. */
export function beginRun(settings: FrameSettings, options: LoadOptions): LoadFrame {
  const { warmupMs, durationMs, capacity, onEnd } = settings;
  const { clock = createPreciseClock(), signal, drainMs = defaultDrainMs } = options;
  const startMs = options.startAtMs ?? clock.nowMs();
  const startedAtUnixMs = clock.epochMs() + startMs - clock.nowMs();
  const elapsedMs = (): number => clock.nowMs() - startMs;
  let wake: (() => void) | undefined;
  const recorder = createRecorder({
    capacity,
    sinceStartMs: elapsedMs,
    onEnd(outcome) {
      onEnd?.(outcome);
      wake?.();
    },
  });
  const stop = watchSignal(signal, elapsedMs);
  const stopTicks = startTicks({ clock, recorder, elapsedMs, ...settings }, options);

  return {
    clock,
    recorder,
    elapsedMs,
    isStopped: () => stop.atMs !== undefined,
    stopped: stop.promise,
    async finish(client, loop) {
      await new Promise<void>((resolve) => {
        let cancel = clock.schedule(drainMs, resolve);
        wake = () => {
          const { begunCount, endedCount } = recorder.counts;
          if (endedCount < begunCount) return;
          cancel();
          resolve();
        };
        const hurry = async (): Promise<void> => {
          await stop.promise;
          cancel();
          cancel = clock.schedule(Math.min(drainMs, stoppedDrainMs), resolve);
          wake?.();
        };
        void hurry();
        wake();
      });
      const endMs = stop.atMs ?? Infinity;
      client.cutOff();
      stopTicks();
      stop[Symbol.dispose]();
      return {
        ...recorder.finish(),
        loop,
        warmupMs,
        durationMs: Math.max(0, Math.min(durationMs, endMs - warmupMs)),
        startedAtUnixMs,
      };
    },
  };
}

interface Stop extends Disposable {
  readonly promise: Promise<void>;
  /** `undefined` as long as the signal is silent. */
  readonly atMs: number | undefined;
}

function watchSignal(signal: AbortSignal | undefined, elapsedMs: () => number): Stop {
  const { promise, resolve } = Promise.withResolvers<void>();
  let atMs: number | undefined;
  const onAbort = (): void => {
    atMs = elapsedMs();
    resolve();
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  return {
    promise,
    get atMs() {
      return atMs;
    },
    [Symbol.dispose]: () => signal?.removeEventListener('abort', onAbort),
  };
}

interface TickSettings {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly elapsedMs: () => number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** Calls `onTick` now and then; what it returns ends that. */
function startTicks(
  { clock, recorder, elapsedMs, warmupMs, durationMs }: TickSettings,
  { onTick, tickMs = defaultTickMs }: LoadOptions,
): () => void {
  if (onTick === undefined) return () => {};
  const tick = (): void => {
    onTick({
      elapsedMs: elapsedMs(),
      totalMs: warmupMs + durationMs,
      ...recorder.counts,
      recentLatenciesMs: recorder.takeRecentLatencies(),
    });
    cancel = clock.schedule(tickMs, tick);
  };
  let cancel = clock.schedule(tickMs, tick);
  return () => cancel();
}
