import { parseDurationMs, parseSizeBytes } from '../../config/quantity.ts';
import type { ModelConfig } from '../../config/model-config.ts';
import { invalidArgument } from '../../core/error.ts';

/** What a model's config says of how its script is run. */
export interface ScriptSettings {
  /** Memory one instance may use, in all. */
  readonly memoryLimitBytes: number;
  /** How long one batch may take. */
  readonly timeLimitMs: number;
}

/** The entries of a config's `parameters` that are for the backend; the others are the script's. */
const names = { memory: 'memory_limit', time: 'time_limit' } as const;

const mebibyte = 2 ** 20;
const defaults: ScriptSettings = { memoryLimitBytes: 512 * mebibyte, timeLimitMs: 60_000 };

/** Below this a process that does nothing would not fit. */
const minMemoryBytes = 192 * mebibyte;
const minTimeMs = 1;

/**
 * Reads `memory_limit` (such as `1GiB`; 512MiB when absent) and `time_limit` (such as `10s`; 60s
 * when absent) from the `parameters` of a model's config.
 * @throws HeadwayError `invalid_argument`.
 */
export function scriptSettings(config: ModelConfig): ScriptSettings {
  return {
    memoryLimitBytes: quantity(config, names.memory, {
      parse: parseSizeBytes,
      byDefault: defaults.memoryLimitBytes,
      min: minMemoryBytes,
      expected: 'a size of at least 192MiB, such as 1GiB',
    }),
    timeLimitMs: quantity(config, names.time, {
      parse: parseDurationMs,
      byDefault: defaults.timeLimitMs,
      min: minTimeMs,
      expected: 'a duration of at least 1ms, such as 10s',
    }),
  };
}

interface Quantity {
  readonly parse: (text: string) => number | undefined;
  readonly byDefault: number;
  readonly min: number;
  readonly expected: string;
}

function quantity(config: ModelConfig, key: string, rule: Quantity): number {
  const text = config.parameters[key];
  if (text === undefined) return rule.byDefault;
  const value = rule.parse(text);
  if (value !== undefined && value >= rule.min) return value;
  throw invalidArgument(
    `Model '${config.name}': parameter '${key}' is '${text}'; expected ${rule.expected}.`,
  );
}
