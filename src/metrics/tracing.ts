import type { Clock } from '../core/clock.ts';
import { invalidArgument } from '../core/error.ts';
import { collectTrace } from './collect-trace.ts';
import type { RequestTrace, TraceStart } from './request-trace.ts';
import { isRecordedByCaller, parseTraceContext } from './trace-context.ts';
import { type TraceScope, type TraceSink, createTraceScope } from './trace-scope.ts';
import {
  type TraceSettingChanges,
  type TraceSettingTexts,
  type TraceSettings,
  formatTraceLevels,
  parseTraceSettings,
} from './trace-settings.ts';

/** Where traces go: to a file in Triton's form, or to a collector as spans of OpenTelemetry. */
const traceModes = ['triton', 'opentelemetry'] as const;

export type TraceMode = (typeof traceModes)[number];

export interface TracingOptions {
  /** In the mode `opentelemetry` a request is traced, whatever the rate, whose caller is. */
  readonly mode: TraceMode;
  /** Settings at the start; those cleared later come back to them. */
  readonly initial: TraceSettings;
  /** As it is told to clients; empty without one. */
  readonly file: string;
  /** `undefined` when there is nowhere to write to: nothing can be traced. */
  readonly sink: TraceSink | undefined;
  readonly clock: Clock;
}

/** Traces of requests: which are taken, and where they go. Model names are not checked here. */
export interface Tracing extends AsyncDisposable {
  /** Begins the trace of a request, when one is due. */
  start(start: TraceStart): RequestTrace | undefined;
  /** In the protocol's form; of the server when the model is empty. */
  settings(model: string): TraceSettingValues;
  /**
   * Changes the settings of the server or of one model, all of them or none.
   * @throws HeadwayError as `parseTraceSettings`, and `invalid_argument` when what results could
   * not trace.
   */
  update(model: string, texts: TraceSettingTexts): TraceSettingValues;
}

/** Settings by their names in the protocol; the levels are several texts. */
export type TraceSettingValues = ReadonlyMap<string, string | readonly string[]>;

/** @throws HeadwayError `invalid_argument` when the first settings could not trace. */
export function createTracing(options: TracingOptions): Tracing {
  const { mode, initial, sink, clock } = options;
  const models = new Map<string, TraceScope>();
  let server = createTraceScope({}, initial, sink);
  let isOn = initial.levels.length > 0;
  let lastId = 0;
  assertUsable(initial, options);

  const scopeOf = (model: string): TraceScope => models.get(model) ?? server;

  function setModel(model: string, overrides: Partial<TraceSettings>): void {
    const settings = { ...server.settings, ...overrides };
    assertUsable(settings, options);
    models.get(model)?.close();
    if (Object.keys(overrides).length === 0) models.delete(model);
    else models.set(model, createTraceScope(overrides, settings, sink));
  }

  function setServer(overrides: Partial<TraceSettings>): void {
    const settings = { ...initial, ...overrides };
    assertUsable(settings, options);
    for (const scope of models.values()) assertUsable({ ...settings, ...scope.overrides }, options);
    server.close();
    server = createTraceScope(overrides, settings, sink);
    for (const [model, scope] of models) setModel(model, withChanges(scope, {}));
  }

  return {
    start({ modelName, traceparent, tracestate }) {
      if (!isOn) return undefined;
      const scope = scopeOf(modelName);
      const isWanted = mode === 'opentelemetry' && isRecordedByCaller(traceparent);
      if (!scope.isDue(isWanted)) return undefined;
      lastId += 1;
      return collectTrace({
        id: lastId,
        modelName,
        levels: scope.settings.levels,
        parent: parseTraceContext(traceparent, tracestate),
        clock,
        onEnd: scope.end,
      });
    },
    settings: (model) => describe(scopeOf(model).settings, options),
    update(model, texts) {
      const changes = parseTraceSettings(texts);
      if (model === '') setServer(withChanges(server, changes));
      else setModel(model, withChanges(models.get(model), changes));
      isOn = [server, ...models.values()].some(({ settings }) => settings.levels.length > 0);
      return describe(scopeOf(model).settings, options);
    },
    async [Symbol.asyncDispose]() {
      for (const scope of [server, ...models.values()]) scope.close();
      await sink?.[Symbol.asyncDispose]();
    },
  };
}

/** What a scope sets itself, after the changes; a count goes on from where it is. */
function withChanges(
  scope: TraceScope | undefined,
  changes: TraceSettingChanges,
): Partial<TraceSettings> {
  const overrides: Record<string, unknown> = { ...scope?.overrides };
  if (scope?.overrides.count !== undefined) overrides['count'] = scope.settings.count;
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete overrides[name];
    else overrides[name] = value;
  }
  return overrides;
}

function assertUsable(
  { levels, rate }: TraceSettings,
  { mode, sink }: Pick<TracingOptions, 'mode' | 'sink'>,
): void {
  if (levels.length === 0) return;
  let reason: string | undefined;
  if (sink === undefined) reason = 'trace file name is not given';
  else if (mode === 'opentelemetry') {
    if (levels.includes('TENSORS')) reason = 'spans hold no tensors, level TIMESTAMPS only';
  } else if (rate === 0) reason = 'sample rate must be non-zero';
  if (reason === undefined) return;
  throw invalidArgument(`Attempting to set invalid trace setting :${reason}`);
}

function describe(
  { levels, rate, count, logFrequency }: TraceSettings,
  { file, mode }: TracingOptions,
): TraceSettingValues {
  return new Map<string, string | readonly string[]>([
    ['trace_level', formatTraceLevels(levels)],
    ['trace_rate', String(rate)],
    ['trace_count', String(count)],
    ['log_frequency', String(logFrequency)],
    ['trace_file', file],
    ['trace_mode', mode],
  ]);
}
