import { resolve } from 'node:path';
import process from 'node:process';
import type { ServerConfig } from '../config/server-config.ts';
import { parseTraceResource } from '../config/trace-server-settings.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { MetricFamily } from '../metrics/exposition.ts';
import { createTraceFile } from '../metrics/trace-file.ts';
import type { TraceSink } from '../metrics/trace-scope.ts';
import { parseTraceLevels } from '../metrics/trace-settings.ts';
import { type Tracing, createTracing } from '../metrics/tracing.ts';
import { readHeadwayVersion } from './version.ts';

/** The traces of a server. Disposing it writes or sends what is held. */
export interface OpenTracing extends AsyncDisposable {
  readonly tracing: Tracing;
  /** What `/metrics` tells of them; nothing when no spans are sent. */
  metrics(): readonly MetricFamily[];
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes the traces of a server as its settings have them.
 * @throws HeadwayError `invalid_argument` for settings that do not go together.
 */
export async function openTracing(
  config: ServerConfig,
  surroundings: Surroundings,
): Promise<OpenTracing> {
  if (config.traceMode === 'triton') {
    return open(config, { ...surroundings, sink: openFile(config, surroundings) });
  }
  if (config.traceFile !== undefined) {
    surroundings.logger.warning(
      `The trace file '${config.traceFile}' is not written: in the mode opentelemetry traces go to the collector.`,
    );
  }
  const { createSpanExporter, spanFamilies } =
    await import('../metrics/opentelemetry/span-exporter.ts');
  const { createSpanSender } = await import('../metrics/opentelemetry/send-spans.ts');
  const version = readHeadwayVersion();
  const given = config.traceResources.map(parseTraceResource).filter((pair) => pair !== undefined);
  const exporter = createSpanExporter({
    batches: {
      maxQueueSize: config.traceQueueSize,
      maxBatchSize: config.traceBatchSize,
      delayMs: config.traceDelayMs,
    },
    origin: {
      resource: {
        'service.name': 'headway',
        'service.version': version,
        ...Object.fromEntries(given),
      },
      version,
    },
    sender: createSpanSender(config.traceUrl),
    ...surroundings,
  });
  const opened = open(config, { ...surroundings, sink: exporter });
  return { ...opened, metrics: () => spanFamilies(exporter.counts()) };
}

function openFile({ traceFile }: ServerConfig, surroundings: Surroundings): TraceSink | undefined {
  if (traceFile === undefined) return undefined;
  return createTraceFile({ path: resolve(process.cwd(), traceFile), ...surroundings });
}

function open(
  config: ServerConfig,
  { clock, sink }: Surroundings & { readonly sink: TraceSink | undefined },
): OpenTracing {
  const isToFile = config.traceMode === 'triton';
  const tracing = createTracing({
    mode: config.traceMode,
    initial: {
      levels: config.traceLevels.length === 0 ? [] : parseTraceLevels(config.traceLevels),
      rate: config.traceRate,
      count: -1,
      logFrequency: 0,
    },
    file: (isToFile ? config.traceFile : undefined) ?? '',
    sink,
    clock,
  });
  return {
    tracing,
    metrics: () => [],
    [Symbol.asyncDispose]: () => tracing[Symbol.asyncDispose](),
  };
}
