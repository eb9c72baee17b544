import { type MetricFamily, type Sample, renderFamilies } from './exposition.ts';
import type { Histogram } from './histogram.ts';
import {
  type ModelHistograms,
  type ModelMetrics,
  failureReasons,
  rejectReasons,
} from './model-metrics.ts';
import type { DurationStatistic, ModelStatistics } from './model-statistics.ts';
import type { ProcessSample } from './process-sample.ts';

interface ModelSource {
  readonly metrics: ModelMetrics;
  readonly statistics: ModelStatistics;
}

/**
 * Writes what `/metrics` answers: the `nv_*` metrics with the meanings they have in Triton, then
 * our own.
 * @param models one entry for each model version in service.
 * @param others what else there is to tell.
 */
export function renderMetrics(
  models: readonly ModelMetrics[],
  sample: ProcessSample,
  others: readonly MetricFamily[] = [],
): string {
  const sources = models.map((metrics) => ({ metrics, statistics: metrics.statistics() }));
  return renderFamilies([
    ...requestFamilies(sources),
    ...durationFamilies(sources),
    ...cacheFamilies(sources),
    ...modelFamilies(sources),
    ...histogramFamilies(sources),
    ...processFamilies(sample),
    ...others,
  ]);
}

type ReadValue = (source: ModelSource) => number | undefined;

interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
}

/** A family with one value a model; a model whose value is `undefined` has no line. */
function perModel(
  sources: readonly ModelSource[],
  head: FamilyHead,
  read: ReadValue,
): MetricFamily {
  const samples: Sample[] = [];
  for (const source of sources) {
    const value = read(source);
    if (value !== undefined) samples.push({ kind: 'value', labels: source.metrics.labels, value });
  }
  return { ...head, samples };
}

/** A family with one value a model and reason. */
function perReason<Reason extends string>(
  sources: readonly ModelSource[],
  head: FamilyHead,
  counts: {
    readonly reasons: readonly Reason[];
    read(metrics: ModelMetrics): Readonly<Record<Reason, number>>;
  },
): MetricFamily {
  const samples = sources.flatMap(({ metrics }) =>
    counts.reasons.map((reason): Sample => ({
      kind: 'value',
      labels: new Map([...metrics.labels, ['reason', reason]]),
      value: counts.read(metrics)[reason],
    })),
  );
  return { ...head, samples };
}

function requestFamilies(sources: readonly ModelSource[]): MetricFamily[] {
  return [
    perModel(
      sources,
      {
        name: 'nv_inference_request_success',
        help: 'Requests answered, each counted once',
        type: 'counter',
      },
      ({ statistics }) => statistics.success.count,
    ),
    perReason(
      sources,
      { name: 'nv_inference_request_failure', help: 'Requests failed, by reason', type: 'counter' },
      { reasons: failureReasons, read: (metrics) => metrics.failures },
    ),
    perModel(
      sources,
      {
        name: 'nv_inference_count',
        help: 'Inferences: a request with a batch of n counts n; cached answers do not count',
        type: 'counter',
      },
      ({ statistics }) => statistics.inferenceCount,
    ),
    perModel(
      sources,
      { name: 'nv_inference_exec_count', help: 'Executions of the model', type: 'counter' },
      ({ statistics }) => statistics.executionCount,
    ),
    perModel(
      sources,
      {
        name: 'nv_inference_pending_request_count',
        help: 'Requests waiting to be executed',
        type: 'gauge',
      },
      ({ metrics }) => metrics.readings.queueDepth,
    ),
  ];
}

const durations = [
  ['nv_inference_request_duration_us', 'from read to answered', (s) => s.success],
  ['nv_inference_queue_duration_us', 'waiting in the queue', (s) => s.queue],
  ['nv_inference_compute_input_duration_us', 'gathering inputs', (s) => s.computeInput],
  ['nv_inference_compute_infer_duration_us', 'running the model', (s) => s.computeInfer],
  ['nv_inference_compute_output_duration_us', 'splitting outputs', (s) => s.computeOutput],
] as const satisfies readonly [string, string, (s: ModelStatistics) => DurationStatistic][];

function durationFamilies(sources: readonly ModelSource[]): MetricFamily[] {
  return durations.map(([name, what, read]) =>
    perModel(
      sources,
      { name, help: `Time of answered requests ${what}, in microseconds, in all`, type: 'counter' },
      ({ statistics }) => microseconds(read(statistics).totalMs),
    ),
  );
}

const cacheCounts = [
  ['nv_cache_num_hits_per_model', 'Requests answered from the cache', (s) => s.cacheHit.count],
  ['nv_cache_num_misses_per_model', 'Requests not found in the cache', (s) => s.cacheMiss.count],
  [
    'nv_cache_hit_duration_per_model',
    'Time of cache lookups that found an answer, in microseconds, in all',
    (s) => microseconds(s.cacheHit.totalMs),
  ],
  [
    'nv_cache_miss_duration_per_model',
    'Time of cache lookups that found none, in microseconds, in all',
    (s) => microseconds(s.cacheMiss.totalMs),
  ],
] as const satisfies readonly [string, string, (s: ModelStatistics) => number][];

/** Shown for models whose cache was ever asked. */
function cacheFamilies(sources: readonly ModelSource[]): MetricFamily[] {
  const cached = sources.filter(
    ({ statistics }) => statistics.cacheHit.count + statistics.cacheMiss.count > 0,
  );
  return cacheCounts.map(([name, help, read]) =>
    perModel(cached, { name, help, type: 'counter' }, ({ statistics }) => read(statistics)),
  );
}

function modelFamilies(sources: readonly ModelSource[]): MetricFamily[] {
  return [
    perModel(
      sources,
      {
        name: 'nv_model_load_duration_secs',
        help: 'How long the version took to load, in seconds',
        type: 'gauge',
      },
      ({ metrics: { readings } }) =>
        readings.loadMs === undefined ? undefined : readings.loadMs / 1000,
    ),
    perModel(
      sources,
      {
        name: 'headway_in_flight_requests',
        help: 'Requests read and not yet answered',
        type: 'gauge',
      },
      ({ metrics }) => metrics.readings.inFlightCount,
    ),
    perModel(
      sources,
      { name: 'headway_queue_depth', help: 'Requests waiting to be executed', type: 'gauge' },
      ({ metrics }) => metrics.readings.queueDepth,
    ),
    perReason(
      sources,
      {
        name: 'headway_rejected_requests_total',
        help: 'Requests not executed, by reason',
        type: 'counter',
      },
      { reasons: rejectReasons, read: (metrics) => metrics.rejections },
    ),
    perModel(
      sources,
      {
        name: 'headway_deadline_misses_total',
        help: 'Requests refused or given up because of their deadline',
        type: 'counter',
      },
      ({ metrics }) => metrics.readings.deadlineMissCount,
    ),
  ];
}

const histograms = [
  ['headway_request_duration_seconds', 'From read to answered, failures included', 'request'],
  ['headway_queue_duration_seconds', 'Waiting in the queue', 'queue'],
  [
    'headway_batch_wait_duration_seconds',
    'Waiting in the queue while an instance was free',
    'batchWait',
  ],
  ['headway_execute_duration_seconds', 'Executions: inputs, model, outputs', 'execute'],
  ['headway_batch_size', 'Items in an execution', 'batchSize'],
] as const satisfies readonly [string, string, keyof ModelHistograms][];

function histogramFamilies(sources: readonly ModelSource[]): MetricFamily[] {
  return histograms.map(([name, help, key]) => ({
    name,
    help,
    type: 'histogram',
    samples: sources.map(({ metrics }): Sample => {
      const histogram: Histogram = metrics.histograms[key];
      return { kind: 'histogram', labels: metrics.labels, histogram };
    }),
  }));
}

function processFamilies(sample: ProcessSample): MetricFamily[] {
  const { p50, p99, max } = sample.eventLoopLagSeconds;
  return [
    hostGauge(
      'nv_cpu_utilization',
      'Share of the host cores in use, 0 to 1',
      sample.hostCpuUtilization,
    ),
    hostGauge('nv_cpu_memory_total_bytes', 'Memory of the host', sample.hostMemoryTotalBytes),
    hostGauge('nv_cpu_memory_used_bytes', 'Memory of the host in use', sample.hostMemoryUsedBytes),
    {
      ...hostGauge('process_cpu_seconds_total', 'CPU time of this process', sample.cpuSeconds),
      type: 'counter',
    },
    hostGauge(
      'process_resident_memory_bytes',
      'Resident memory of this process',
      sample.residentBytes,
    ),
    {
      name: 'headway_event_loop_lag_seconds',
      help: 'How late turns of the event loop came since the last scrape',
      type: 'gauge',
      samples: [
        { kind: 'value', labels: new Map([['quantile', '0.5']]), value: p50 },
        { kind: 'value', labels: new Map([['quantile', '0.99']]), value: p99 },
        { kind: 'value', labels: new Map([['quantile', '1']]), value: max },
      ],
    },
  ];
}

function hostGauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'gauge', samples: [{ kind: 'value', labels: new Map(), value }] };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
