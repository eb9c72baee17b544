import type { ExecutionTimings } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/error.ts';
import { type Labels, labelName } from './exposition.ts';
import {
  type Histogram,
  batchSizeEdges,
  createHistogram,
  durationEdgesSeconds,
} from './histogram.ts';
import type { ModelStatistics } from './model-statistics.ts';
import {
  type ModelStatisticsRecorder,
  type RequestTimings,
  createModelStatisticsRecorder,
} from './model-statistics-recorder.ts';

/** Why a scheduler did not execute a request. */
export const rejectReasons = [
  'queue_full',
  'would_miss_deadline',
  'timeout',
  'cancelled',
  'draining',
] as const;

type RejectReason = (typeof rejectReasons)[number];

/** Triton's reasons of failure. */
export const failureReasons = ['REJECTED', 'CANCELED', 'BACKEND', 'OTHER'] as const;

export type FailureReason = (typeof failureReasons)[number];

/** How a request ended. `durationMs` is from its last byte read to its answer. */
export type RequestOutcome =
  | {
      readonly kind: 'executed';
      readonly durationMs: number;
      readonly timings: RequestTimings;
      /** How long the response cache was asked in vain; `undefined` without a cache. */
      readonly cacheLookupMs: number | undefined;
    }
  | { readonly kind: 'cached'; readonly durationMs: number; readonly cacheLookupMs: number }
  | { readonly kind: 'failed'; readonly durationMs: number; readonly code: ErrorCode };

/** The metrics of one model version in service. */
export interface ModelMetrics {
  readonly labels: Labels;
  /** For the scheduler; has the form of its `SchedulerObserver`. */
  readonly observer: {
    queued(depth: number): void;
    rejected(reason: RejectReason): void;
    executed(requestCount: number, batchSize: number, timings: ExecutionTimings): void;
  };
  /** A request for this version was read. `requestDone` must follow, once. */
  requestStarted(): void;
  requestDone(outcome: RequestOutcome): void;
  /** How long the version took from its files to ready; shown once told. */
  loaded(durationMs: number): void;
  statistics(): ModelStatistics;
  /** What the exposition shows beside the statistics. */
  readonly readings: Readonly<ModelReadings>;
  readonly failures: Readonly<Record<FailureReason, number>>;
  readonly rejections: Readonly<Record<RejectReason, number>>;
  readonly histograms: ModelHistograms;
}

export interface ModelReadings {
  queueDepth: number;
  inFlightCount: number;
  deadlineMissCount: number;
  loadMs: number | undefined;
}

/** Durations in seconds, batch sizes in items. */
export interface ModelHistograms {
  readonly request: Histogram;
  readonly queue: Histogram;
  readonly batchWait: Histogram;
  readonly execute: Histogram;
  readonly batchSize: Histogram;
}

/** What failed, as far as the code of the error tells. */
const failureReasonOf = {
  cancelled: 'CANCELED',
  resource_exhausted: 'REJECTED',
  unavailable: 'REJECTED',
  internal: 'BACKEND',
  unknown: 'BACKEND',
  data_loss: 'BACKEND',
  aborted: 'BACKEND',
  deadline_exceeded: 'OTHER',
  invalid_argument: 'OTHER',
  not_found: 'OTHER',
  already_exists: 'OTHER',
  permission_denied: 'OTHER',
  failed_precondition: 'OTHER',
  out_of_range: 'OTHER',
  unimplemented: 'OTHER',
  unauthenticated: 'OTHER',
} as const satisfies Record<ErrorCode, FailureReason>;

export interface ModelMetricsOptions {
  readonly name: string;
  readonly version: number;
  /** The config's metric tags; each becomes a label whose name begins with `_`. */
  readonly tags: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** Everything that is written down of a version. */
interface ModelRecord {
  readonly recorder: ModelStatisticsRecorder;
  readonly readings: ModelReadings;
  readonly failures: Record<FailureReason, number>;
  readonly rejections: Record<RejectReason, number>;
  readonly histograms: ModelHistograms;
}

/** Makes the metrics of a version that has answered nothing yet. */
export function createModelMetrics(options: ModelMetricsOptions): ModelMetrics {
  const record: ModelRecord = {
    recorder: createModelStatisticsRecorder(options),
    readings: { queueDepth: 0, inFlightCount: 0, deadlineMissCount: 0, loadMs: undefined },
    failures: { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 },
    rejections: { queue_full: 0, would_miss_deadline: 0, timeout: 0, cancelled: 0, draining: 0 },
    histograms: createModelHistograms(),
  };
  const { readings, failures, rejections, histograms } = record;
  return {
    labels: modelLabels(options),
    readings,
    failures,
    rejections,
    histograms,
    observer: createObserver(record, options.clock),
    requestStarted: () => void (readings.inFlightCount += 1),
    requestDone: (outcome) => recordOutcome(record, outcome),
    loaded: (durationMs) => void (readings.loadMs = durationMs),
    statistics: () => record.recorder.snapshot(),
  };
}

function createObserver(record: ModelRecord, clock: Clock): ModelMetrics['observer'] {
  const { recorder, readings, rejections, histograms } = record;
  return {
    queued: (depth) => void (readings.queueDepth = depth),
    rejected(reason) {
      rejections[reason] += 1;
      if (reason === 'would_miss_deadline') readings.deadlineMissCount += 1;
    },
    executed(_requestCount, batchSize, timings) {
      recorder.executed(batchSize, timings, clock.epochMs());
      histograms.batchSize.observe(batchSize);
      const { inputMs, inferMs, outputMs } = timings;
      histograms.execute.observe((inputMs + inferMs + outputMs) / 1000);
    },
  };
}

function recordOutcome(record: ModelRecord, outcome: RequestOutcome): void {
  const { recorder, readings, failures, histograms } = record;
  const { durationMs } = outcome;
  readings.inFlightCount -= 1;
  histograms.request.observe(durationMs / 1000);
  if (outcome.kind === 'failed') {
    recorder.failed(durationMs);
    failures[failureReasonOf[outcome.code]] += 1;
    if (outcome.code === 'deadline_exceeded') readings.deadlineMissCount += 1;
    return;
  }
  recorder.succeeded(durationMs);
  if (outcome.kind === 'cached') {
    recorder.cacheHit(outcome.cacheLookupMs);
    return;
  }
  if (outcome.cacheLookupMs !== undefined) recorder.cacheMissed(outcome.cacheLookupMs);
  recorder.staged(outcome.timings);
  histograms.queue.observe(outcome.timings.queueMs / 1000);
  histograms.batchWait.observe(outcome.timings.batchWaitMs / 1000);
}

function createModelHistograms(): ModelHistograms {
  return {
    request: createHistogram(durationEdgesSeconds),
    queue: createHistogram(durationEdgesSeconds),
    batchWait: createHistogram(durationEdgesSeconds),
    execute: createHistogram(durationEdgesSeconds),
    batchSize: createHistogram(batchSizeEdges),
  };
}

function modelLabels({ name, version, tags }: ModelMetricsOptions): Labels {
  const labels = new Map([
    ['model', name],
    ['version', String(version)],
  ]);
  for (const [tag, value] of Object.entries(tags)) labels.set(labelName(`_${tag}`), value);
  return labels;
}
