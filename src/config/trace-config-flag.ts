import { invalidArgument } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';
import type { TraceServerConfig } from './trace-server-settings.ts';

/** How one `--trace-config` is written here, by what stands before its value. */
type Target =
  | { readonly kind: 'one'; readonly key: keyof TraceServerConfig }
  | { readonly kind: 'list'; readonly key: keyof TraceServerConfig }
  /** There is no such setting at start; `usual` is what it is without being set. */
  | { readonly kind: 'later'; readonly usual: string };

const one = (key: keyof TraceServerConfig): Target => ({ kind: 'one', key });
const list = (key: keyof TraceServerConfig): Target => ({ kind: 'list', key });

const targets: Readonly<Record<string, Target>> = {
  mode: one('traceMode'),
  level: list('traceLevels'),
  rate: one('traceRate'),
  count: { kind: 'later', usual: '-1' },
  'triton,file': one('traceFile'),
  'triton,log-frequency': { kind: 'later', usual: '0' },
  'opentelemetry,url': one('traceUrl'),
  'opentelemetry,resource': list('traceResources'),
  'opentelemetry,bsp_max_queue_size': one('traceQueueSize'),
  'opentelemetry,bsp_max_export_batch_size': one('traceBatchSize'),
  'opentelemetry,bsp_schedule_delay': one('traceDelayMs'),
};

/**
 * Turns the values of Triton's `--trace-config`, each `[mode,]setting=value`, into settings.
 * @throws HeadwayError `invalid_argument` for one that is not known or has no counterpart.
 */
export function readTraceConfig(texts: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const text of texts) {
    const [, name = '', value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
    if (target === undefined || value === undefined) throw unknownConfig(text, name);
    if (target.kind === 'list') {
      settings[target.key] = [...((settings[target.key] as string[] | undefined) ?? []), value];
    } else if (target.kind === 'one') settings[target.key] = value;
    else if (value !== target.usual) {
      throw invalidArgument(
        `--trace-config ${text}: leave it out, and set it by /v2/trace/setting while the server runs.`,
      );
    }
  }
  return settings;
}

function unknownConfig(text: string, name: string): Error {
  const names = Object.keys(targets);
  const hint = didYouMean(name, names) || `; known are ${names.join(', ')}.`;
  return invalidArgument(`--trace-config ${text} is not known${hint}`);
}
