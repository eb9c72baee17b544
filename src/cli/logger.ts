import process from 'node:process';
import type { Clock } from '../core/clock.ts';
import type { LogFields, LogLevel, Logger } from '../core/logger.ts';
import type { LogFormat } from '../server/logging.ts';
import type { OutputStream } from './context.ts';

/** Where log lines go and how they look. */
export interface TextLoggerOptions {
  readonly stream: OutputStream;
  readonly clock: Clock;
  /** Asked for every line. */
  readonly format: () => LogFormat;
}

/** A logger that writes one line a message: level, time, message, fields as `name=value`. */
export function createTextLogger(options: TextLoggerOptions): Logger {
  const { stream, clock, format } = options;
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      const head = heads[format()](level, new Date(clock.epochMs()).toISOString());
      stream.write(`${head} ${message}${formatFields(fields)}\n`);
    };
  return {
    error: at('error'),
    warning: at('warning'),
    info: at('info'),
    verbose: at('verbose'),
  };
}

type WriteHead = (level: LogLevel, time: string) => string;

/** The default is Triton's: letter, month and day, time to the microsecond, process. */
const heads: Readonly<Record<LogFormat, WriteHead>> = {
  default: (level, time) =>
    `${level[0]?.toUpperCase()}${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000 ${process.pid}]`,
  ISO8601: (level, time) => `${time} ${level.padEnd(7)}`,
};

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
