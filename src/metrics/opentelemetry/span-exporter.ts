import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { MetricFamily } from '../exposition.ts';
import type { TraceSink } from '../trace-scope.ts';
import { type SpanOrigin, encodeSpans } from './encode-spans.ts';
import type { SendOutcome, SpanSender } from './send-spans.ts';
import { type Span, toSpans } from './to-spans.ts';

/** How spans are gathered. */
export interface BatchSettings {
  /** Spans that may wait; traces that come beyond are dropped. */
  readonly maxQueueSize: number;
  /** Spans sent at once, and how many make a batch be sent at once. */
  readonly maxBatchSize: number;
  /** How long spans wait for a fuller batch. */
  readonly delayMs: number;
}

export interface SpanExporterOptions {
  readonly batches: BatchSettings;
  readonly origin: SpanOrigin;
  readonly sender: SpanSender;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Takes traces and sends them as spans, in batches, behind the requests' backs. */
export interface SpanExporter extends TraceSink {
  /** What became of spans so far. */
  counts(): SpanCounts;
}

export interface SpanCounts {
  readonly exported: number;
  readonly dropped: number;
}

const maxAttempts = 5;
const firstBackoffMs = 1000;
const maxBackoffMs = 60_000;
const sendTimeoutMs = 10_000;

/** What is left when the server stops has so long to be sent. */
const flushTimeoutMs = 5000;

/** Failures are told of so often at most. */
const logIntervalMs = 60_000;

/** Makes an exporter; disposing it sends what is left, for a bounded time. */
export function createSpanExporter(options: SpanExporterOptions): SpanExporter {
  const { batches, clock, sender } = options;
  const counter = createCounter(options);
  const batchSender = createBatchSender(options);
  const queue: Span[] = [];
  let isClosing = false;
  let cancelTimer: (() => void) | undefined;
  let sending: Promise<void> | undefined;

  /** Sends batches, one after another, until fewer than `leastCount` spans are left. */
  async function sendAll(leastCount: number): Promise<void> {
    while (queue.length >= leastCount) {
      const batch = queue.splice(0, batches.maxBatchSize);
      counter.settle(batch.length, await batchSender.send(batch));
    }
  }
  function begin(leastCount: number): void {
    cancelTimer?.();
    cancelTimer = undefined;
    sending ??= sendAll(leastCount).finally(() => {
      sending = undefined;
      schedule();
    });
  }
  function schedule(): void {
    if (queue.length >= batches.maxBatchSize) begin(batches.maxBatchSize);
    else if (queue.length > 0 && sending === undefined && !isClosing) {
      cancelTimer ??= clock.schedule(batches.delayMs, () => begin(1));
    }
  }
  return {
    gathers: true,
    write(records) {
      const epochOffsetMs = clock.epochMs() - clock.nowMs();
      for (const record of records) {
        const spans = toSpans(record, epochOffsetMs);
        if (isClosing) counter.drop(spans.length, 'the server is stopping');
        else if (queue.length + spans.length > batches.maxQueueSize) {
          counter.drop(spans.length, 'more came than could be sent');
        } else queue.push(...spans);
      }
      schedule();
    },
    counts: counter.counts,
    async [Symbol.asyncDispose]() {
      isClosing = true;
      const cancel = clock.schedule(flushTimeoutMs, batchSender.cutOff);
      batchSender.close();
      while (sending !== undefined || queue.length > 0) {
        begin(1);
        await sending;
      }
      cancel();
      counter.tell();
      sender[Symbol.dispose]();
    },
  };
}

interface BatchSender {
  /** Sends a batch, again and again where that may help. */
  send(batch: readonly Span[]): Promise<SendOutcome>;
  /** Nothing is sent again from now on. */
  close(): void;
  /** Gives up what is being sent. */
  cutOff(): void;
}

function createBatchSender({ origin, sender, clock }: SpanExporterOptions): BatchSender {
  const closing = new AbortController();
  const cutOff = new AbortController();

  async function sendOnce(json: string): Promise<SendOutcome> {
    const late = new AbortController();
    const cancel = clock.schedule(sendTimeoutMs, () => late.abort());
    const outcome = await sender.send(json, AbortSignal.any([late.signal, cutOff.signal]));
    cancel();
    return outcome;
  }
  function pause(durationMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.schedule(durationMs, resolve);
    const onClosing = (): void => {
      cancel();
      resolve();
    };
    closing.signal.addEventListener('abort', onClosing);
    return promise.finally(() => closing.signal.removeEventListener('abort', onClosing));
  }
  return {
    async send(batch) {
      const json = encodeSpans(batch, origin);
      let outcome = await sendOnce(json);
      let backoffMs = firstBackoffMs;
      for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
        if (outcome.kind !== 'retry' || closing.signal.aborted) return outcome;
        await pause(Math.min(Math.max(backoffMs, outcome.afterMs), maxBackoffMs));
        outcome = await sendOnce(json);
        backoffMs *= 2;
      }
      return outcome;
    },
    close: () => closing.abort(),
    cutOff: () => cutOff.abort(),
  };
}

interface Counter {
  settle(spanCount: number, outcome: SendOutcome): void;
  drop(spanCount: number, reason: string): void;
  /** Tells of drops that were not told of yet. */
  tell(): void;
  counts(): SpanCounts;
}

function createCounter({ sender, clock, logger }: SpanExporterOptions): Counter {
  let exported = 0;
  let dropped = 0;
  let untold = { count: 0, reason: '' };
  let lastTellMs = -Infinity;

  function tell(): void {
    if (untold.count === 0) return;
    logger.warning('Spans were dropped.', { ...untold, collector: sender.target });
    untold = { count: 0, reason: '' };
    lastTellMs = clock.nowMs();
  }
  function drop(count: number, reason: string): void {
    if (count === 0) return;
    dropped += count;
    untold = { count: untold.count + count, reason };
    if (clock.nowMs() - lastTellMs >= logIntervalMs) tell();
  }
  return {
    settle(count, outcome) {
      const lost = outcome.kind === 'taken' ? Math.min(count, outcome.rejectedCount) : count;
      exported += count - lost;
      drop(lost, outcome.reason);
    },
    drop,
    tell,
    counts: () => ({ exported, dropped }),
  };
}

/** The counters of an exporter for `/metrics`. */
export function spanFamilies({ exported, dropped }: SpanCounts): readonly MetricFamily[] {
  const family = (what: string, help: string, value: number): MetricFamily => ({
    name: `headway_trace_spans_${what}_total`,
    help,
    type: 'counter',
    samples: [{ kind: 'value', labels: new Map(), value }],
  });
  return [
    family('exported', 'Spans that the collector took', exported),
    family('dropped', 'Spans that were dropped, or that the collector did not take', dropped),
  ];
}
