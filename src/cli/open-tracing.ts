import { resolve } from 'node:path';
import process from 'node:process';
import type { ServerConfig } from '../config/server-config.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { createTraceFile } from '../metrics/trace-file.ts';
import { parseTraceLevels } from '../metrics/trace-settings.ts';
import { type Tracing, createTracing } from '../metrics/tracing.ts';

/**
 * Makes the traces of a server as its settings have them.
 * @throws HeadwayError `invalid_argument` for settings that do not go together.
 */
export function openTracing(
  config: ServerConfig,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Tracing {
  const { traceFile: file } = config;
  const sink =
    file === undefined
      ? undefined
      : createTraceFile({ path: resolve(process.cwd(), file), clock, logger });
  return createTracing({
    initial: {
      levels: config.traceLevels.length === 0 ? [] : parseTraceLevels(config.traceLevels),
      rate: config.traceRate,
      count: -1,
      logFrequency: 0,
    },
    file: file ?? '',
    sink,
    clock,
  });
}
