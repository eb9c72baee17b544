import type { Clock } from '../core/clock.ts';
import { type LogFields, type LogLevel, type Logger, logLevels } from '../core/logger.ts';
import type { OutputStream } from './context.ts';

/** How log lines look and which are written. */
export interface TextLoggerOptions {
  readonly stream: OutputStream;
  readonly clock: Clock;
  /** The least severe level that is written. */
  readonly level: LogLevel;
}

/** A logger that writes one line a message: time, level, message, fields as `name=value`. */
export function createTextLogger(options: TextLoggerOptions): Logger {
  const { stream, clock } = options;
  const threshold = logLevels.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      if (logLevels.indexOf(level) > threshold) return;
      const time = new Date(clock.epochMs()).toISOString();
      stream.write(`${time} ${level.padEnd(7)} ${message}${formatFields(fields)}\n`);
    };
  return {
    error: at('error'),
    warning: at('warning'),
    info: at('info'),
    verbose: at('verbose'),
  };
}

function formatFields(fields: LogFields | undefined): string {
  if (fields === undefined) return '';
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${formatValue(value)}`)
    .join('');
}

/** One line whatever the value: text from outside must not forge log lines. */
function formatValue(value: unknown): string {
  if (value instanceof Error) {
    const cause = value.cause === undefined ? '' : ` cause=${formatValue(value.cause)}`;
    return JSON.stringify(value.message) + cause;
  }
  if (typeof value === 'string') return /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? String(value);
}
