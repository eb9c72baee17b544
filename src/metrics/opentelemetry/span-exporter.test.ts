import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ManualClock, createManualClock } from '../../testing/manual-clock.ts';
import { readOtlp } from '../../testing/otlp-schema.ts';
import type { TraceRecord } from '../request-trace.ts';
import type { SendOutcome } from './send-spans.ts';
import { type SpanExporter, createSpanExporter, spanFamilies } from './span-exporter.ts';

const taken: SendOutcome = { kind: 'taken', rejectedCount: 0, reason: '' };
const again: SendOutcome = { kind: 'retry', reason: 'HTTP status 503', afterMs: 0 };

interface Started {
  readonly exporter: SpanExporter;
  readonly clock: ManualClock;
  /** Ids of the traces in each batch. */
  readonly batches: readonly string[][];
  readonly warnings: readonly unknown[];
}

/** @param answer says what becomes of the batch of this number. */
function start(
  answer: (batch: number, signal: AbortSignal) => SendOutcome | Promise<SendOutcome> = () => taken,
): Started {
  const batches: string[][] = [];
  const warnings: unknown[] = [];
  const clock = createManualClock();
  const exporter = createSpanExporter({
    batches: { maxQueueSize: 6, maxBatchSize: 3, delayMs: 100 },
    origin: { resource: {}, version: '1' },
    sender: {
      target: 'http://collector',
      async send(json, signal) {
        batches.push(readOtlp(json).spans.map(({ attributes }) => idOf(attributes)));
        return answer(batches.length, signal);
      },
      [Symbol.dispose]: () => {},
    },
    clock,
    logger: {
      error: () => {},
      warning: (_, fields) => void warnings.push(fields),
      info: () => {},
      verbose: () => {},
    },
  });
  return { exporter, clock, batches, warnings };
}

function idOf(attributes: readonly { key: string; value: object }[]): string {
  return String(Object.values(attributes.find(({ key }) => key === 'triton.trace_id')!.value)[0]);
}

/** A trace of one span. */
function record(id: number): TraceRecord {
  return {
    id,
    modelName: 'net',
    modelVersion: undefined,
    requestId: '',
    parent: undefined,
    moments: [{ name: 'HTTP_RECV_START', atMs: 0 }],
    tensors: [],
    failure: undefined,
  };
}

function write(exporter: SpanExporter, ...ids: readonly number[]): void {
  for (const id of ids) exporter.write([record(id)], false);
}

/** Lets promises that wait for nothing outside run. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('spans wait for a full batch or for the delay', async () => {
  const { exporter, clock, batches } = start();
  write(exporter, 1, 2);
  clock.advance(99);
  assert.deepEqual(batches, []);
  clock.advance(1);
  await settle();
  assert.deepEqual(batches, [['1', '2']]);
  write(exporter, 3, 4, 5);
  await settle();
  assert.deepEqual(batches.at(-1), ['3', '4', '5']);
  assert.deepEqual(exporter.counts(), { exported: 5, dropped: 0 });
  assert.equal(clock.pendingCount, 0);
});

test('a slow collector costs spans, which are counted, and told of rarely', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<SendOutcome>();
  const { exporter, clock, batches, warnings } = start((batch) => (batch === 1 ? held : taken));
  write(exporter, 1, 2, 3);
  await settle();
  write(exporter, 4, 5, 6, 7, 8, 9, 10, 11);
  assert.deepEqual(exporter.counts(), { exported: 0, dropped: 2 });
  assert.deepEqual(warnings, [
    { count: 1, reason: 'more came than could be sent', collector: 'http://collector' },
  ]);
  letGo(taken);
  await settle();
  assert.deepEqual(batches.slice(1), [
    ['4', '5', '6'],
    ['7', '8', '9'],
  ]);
  assert.deepEqual(exporter.counts(), { exported: 9, dropped: 2 });
  clock.advance(60_000);
  await exporter[Symbol.asyncDispose]();
  assert.equal(warnings.length, 2);
});

test('a batch is sent again with growing pauses, and dropped in the end', async () => {
  const { exporter, clock, batches } = start(() => again);
  write(exporter, 1, 2, 3);
  for (const pauseMs of [1000, 2000, 4000, 8000]) {
    await settle();
    const before = batches.length;
    clock.advance(pauseMs - 1);
    await settle();
    assert.equal(batches.length, before);
    clock.advance(1);
  }
  await settle();
  assert.equal(batches.length, 5);
  assert.deepEqual(exporter.counts(), { exported: 0, dropped: 3 });
});

test('what the collector refuses is dropped at once, what it rejects is counted', async () => {
  const { exporter, batches } = start((batch) =>
    batch === 1
      ? { kind: 'refused', reason: 'HTTP status 400' }
      : { kind: 'taken', rejectedCount: 1, reason: 'odd' },
  );
  write(exporter, 1, 2, 3, 4, 5, 6);
  await settle();
  assert.equal(batches.length, 2);
  assert.deepEqual(exporter.counts(), { exported: 2, dropped: 4 });
  const [exported, dropped] = spanFamilies(exporter.counts());
  assert.match(exported!.name, /^headway_trace_spans_exported_total$/);
  assert.match(dropped!.name, /^headway_trace_spans_dropped_total$/);
});

test('disposing sends what is left, once, and ends a pause', async () => {
  const { exporter, clock, batches } = start((batch) => (batch === 1 ? again : taken));
  write(exporter, 1, 2, 3, 4);
  await settle();
  await exporter[Symbol.asyncDispose]();
  assert.deepEqual(batches, [['1', '2', '3'], ['1', '2', '3'], ['4']]);
  assert.deepEqual(exporter.counts(), { exported: 4, dropped: 0 });
  write(exporter, 5);
  assert.deepEqual(exporter.counts(), { exported: 4, dropped: 1 });
  assert.equal(clock.pendingCount, 0);
});

test('disposing gives up on a collector that does not answer', async () => {
  const { exporter, clock } = start(
    (_, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve(again);
        signal.addEventListener('abort', () => resolve(again));
      }),
  );
  write(exporter, 1, 2, 3, 4);
  const disposed = exporter[Symbol.asyncDispose]();
  await settle();
  clock.advance(5000);
  await disposed;
  assert.deepEqual(exporter.counts(), { exported: 0, dropped: 4 });
});
