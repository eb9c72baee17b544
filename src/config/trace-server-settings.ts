import { invalidArgument } from '../core/error.ts';
import type { Setting } from './setting.ts';

/** The settings of a server that are about traces. */
export interface TraceServerConfig {
  readonly traceLevels: readonly string[];
  readonly traceRate: number;
  readonly traceFile: string | undefined;
  readonly traceMode: 'triton' | 'opentelemetry';
  readonly traceUrl: string;
  readonly traceResources: readonly string[];
  readonly traceQueueSize: number;
  readonly traceBatchSize: number;
  readonly traceDelayMs: number;
}

const maxSpanCount = 1_000_000;

/** An attribute as `name=value`; `undefined` when it is none. */
export function parseTraceResource(text: string): readonly [string, string] | undefined {
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  return name === undefined || value === undefined ? undefined : [name, value];
}

/** @throws HeadwayError `invalid_argument` for settings that do not go together. */
export function checkTraces(config: TraceServerConfig): void {
  const { traceBatchSize, traceQueueSize } = config;
  if (traceBatchSize > traceQueueSize) {
    throw invalidArgument(
      `Setting 'traceBatchSize' is ${traceBatchSize} and may be no more than 'traceQueueSize', which is ${traceQueueSize}.`,
    );
  }
  const { traceLevels, traceMode, traceFile } = config;
  const isTraced = traceLevels.some((level) => level.toUpperCase() !== 'OFF');
  if (isTraced && traceMode === 'triton' && traceFile === undefined) {
    throw invalidArgument(
      `Setting 'traceLevels' (--trace-level) asks for traces and says not where to: give 'traceFile' (--trace-file FILE), or the mode opentelemetry ('traceMode', --trace-mode).`,
    );
  }
  const wrong = config.traceResources.find((text) => parseTraceResource(text) === undefined);
  if (wrong === undefined) return;
  throw invalidArgument(
    `Setting 'traceResources' holds '${wrong}'; write it as name=value, such as service.name=prices.`,
  );
}

/** Each of them, as in `serverSettings`. */
export const traceServerSettings: Readonly<Record<keyof TraceServerConfig, Setting>> = {
  traceLevels: {
    kind: 'texts',
    flag: 'trace-level',
    placeholder: 'level',
    default: [],
    description: 'what traces hold: TIMESTAMPS, TENSORS; may be repeated; none without it',
  },
  traceRate: {
    kind: 'count',
    flag: 'trace-rate',
    default: 1000,
    min: 0,
    max: 2 ** 32 - 1,
    description:
      'one request in so many is traced; 0 for those alone whose caller records its trace, in the mode opentelemetry',
  },
  traceFile: {
    kind: 'text',
    flag: 'trace-file',
    placeholder: 'file',
    default: undefined,
    description: "file for traces in Triton's JSON form, in the mode triton",
  },
  traceMode: {
    kind: 'choice',
    flag: 'trace-mode',
    choices: ['triton', 'opentelemetry'],
    default: 'triton',
    description: 'where traces go: to the trace file, or as OpenTelemetry spans to a collector',
  },
  traceUrl: {
    kind: 'text',
    flag: 'trace-url',
    placeholder: 'url',
    default: 'http://localhost:4318/v1/traces',
    description: 'collector that takes spans over OTLP/HTTP, in the mode opentelemetry',
  },
  traceResources: {
    kind: 'texts',
    flag: 'trace-resource',
    placeholder: 'name=value',
    default: [],
    description:
      'attribute of every span, such as service.name=prices; may be repeated; service.name is headway without it',
  },
  traceQueueSize: {
    kind: 'count',
    flag: 'trace-queue-size',
    default: 2048,
    min: 4,
    max: maxSpanCount,
    description: 'spans that may wait to be sent; traces beyond are dropped',
  },
  traceBatchSize: {
    kind: 'count',
    flag: 'trace-batch-size',
    default: 512,
    min: 1,
    max: maxSpanCount,
    description: 'spans that are sent at once',
  },
  traceDelayMs: {
    kind: 'duration',
    flag: 'trace-delay',
    default: 5000,
    min: 1,
    max: 3_600_000,
    description: 'how long spans wait for a fuller batch',
  },
};
