import type { Clock } from '../core/clock.ts';
import { invalidArgument } from '../core/error.ts';
import { collectTrace } from './collect-trace.ts';
import type { RequestTrace, TraceRecord, TraceStart } from './request-trace.ts';
import { type TraceContext, childContext, parseTraceContext } from './trace-context.ts';
import {
  type TraceSettingChanges,
  type TraceSettingTexts,
  type TraceSettings,
  formatTraceLevels,
  parseTraceSettings,
} from './trace-settings.ts';

/** Where ended traces go. Disposing it writes what is held. */
export interface TraceSink extends AsyncDisposable {
  /** Takes traces that belong together, for a file of their own where `isSeparate`. */
  write(records: readonly TraceRecord[], isSeparate: boolean): void;
  readonly counts: TraceCounts;
}

export interface TraceCounts {
  /** Traces written to the file, or sent to the collector. */
  readonly written: number;
  /** Traces given up because the file or the collector did not take them in time. */
  readonly dropped: number;
}

export interface TracingOptions {
  /** Settings at the start; those cleared later come back to them. */
  readonly initial: TraceSettings;
  readonly mode: 'triton' | 'opentelemetry';
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
  readonly counts: TraceCounts;
}

/** Settings by their names in the protocol; the levels are several texts. */
export type TraceSettingValues = ReadonlyMap<string, string | readonly string[]>;

/** The settings of the server or of a model with some of its own, and how far they have come. */
interface Scope {
  /** What was set here, over what lies below. */
  readonly overrides: Partial<TraceSettings>;
  readonly settings: TraceSettings;
  requestCount: number;
  /** Traces still to be taken; -1 without end. */
  remaining: number;
  unendedCount: number;
  collected: TraceRecord[];
  /** Characters of tensor data in `collected`. */
  collectedLength: number;
  isReplaced: boolean;
}

/** What is held for the next writing to the file: it is written in pieces, not trace by trace. */
const maxCollectedCount = 256;
const maxCollectedLength = 4 * 1024 ** 2;

/** @throws HeadwayError `invalid_argument` when the first settings could not trace. */
export function createTracing(options: TracingOptions): Tracing {
  const { initial, mode, sink, clock } = options;
  const makesSpans = mode === 'opentelemetry';
  const models = new Map<string, Scope>();
  let server = createScope({}, initial);
  let isOn = server.settings.levels.length > 0;
  let lastId = 0;
  assertUsable(initial, options);

  const scopeOf = (model: string): Scope => models.get(model) ?? server;

  /** Replaces a scope; requests under way still end in the one they began in. */
  function replace(model: string, overrides: Partial<TraceSettings>): void {
    const below = model === '' ? initial : { ...server.settings, count: server.remaining };
    const previous = model === '' ? server : models.get(model);
    if (previous !== undefined) {
      previous.isReplaced = true;
      write(previous);
    }
    const next = createScope(overrides, { ...below, ...overrides });
    if (model === '') server = next;
    else if (Object.keys(overrides).length === 0) models.delete(model);
    else models.set(model, next);
  }

  function write(scope: Scope, isSeparate = scope.settings.logFrequency > 0): void {
    if (scope.collected.length === 0) return;
    const records = scope.collected;
    scope.collected = [];
    scope.collectedLength = 0;
    sink?.write(records, isSeparate);
  }

  function end(scope: Scope, record: TraceRecord): void {
    scope.unendedCount -= 1;
    scope.collected.push(record);
    for (const { data } of record.tensors) scope.collectedLength += data.length;
    const { logFrequency } = scope.settings;
    const wantedCount = logFrequency > 0 ? logFrequency : maxCollectedCount;
    if (scope.remaining === 0 && scope.unendedCount === 0) write(scope, true);
    else if (
      makesSpans ||
      scope.isReplaced ||
      scope.collected.length >= wantedCount ||
      scope.collectedLength > maxCollectedLength
    )
      write(scope);
  }

  return {
    start(given) {
      if (!isOn) return undefined;
      const scope = scopeOf(given.modelName);
      const parent = makesSpans
        ? parseTraceContext(given.traceparent, given.tracestate)
        : undefined;
      if (!isDue(scope, parent)) return undefined;
      lastId += 1;
      scope.unendedCount += 1;
      return collectTrace({
        id: lastId,
        modelName: given.modelName,
        levels: scope.settings.levels,
        context: makesSpans ? childContext(parent) : undefined,
        parent,
        clock,
        onEnd: (record) => end(scope, record),
      });
    },
    settings: (model) => describe(scopeOf(model), options),
    update(model, texts) {
      const current = model === '' ? server : models.get(model);
      const overrides = withChanges(current, parseTraceSettings(texts));
      const below = model === '' ? initial : server.settings;
      assertUsable({ ...below, ...overrides }, options);
      replace(model, overrides);
      if (model === '') for (const [name, scope] of models) replace(name, withChanges(scope, {}));
      isOn = [server, ...models.values()].some(({ settings }) => settings.levels.length > 0);
      return describe(scopeOf(model), options);
    },
    get counts() {
      return sink?.counts ?? { written: 0, dropped: 0 };
    },
    async [Symbol.asyncDispose]() {
      for (const scope of [server, ...models.values()]) write(scope);
      await sink?.[Symbol.asyncDispose]();
    },
  };
}

function createScope(overrides: Partial<TraceSettings>, settings: TraceSettings): Scope {
  return {
    overrides,
    settings,
    requestCount: 0,
    remaining: settings.count,
    unendedCount: 0,
    collected: [],
    collectedLength: 0,
    isReplaced: false,
  };
}

/** Counts the request, and tells whether it is one to trace. The caller's decision goes first. */
function isDue(scope: Scope, parent: TraceContext | undefined): boolean {
  const { levels, rate } = scope.settings;
  if (levels.length === 0) return false;
  if (parent !== undefined) return parent.isSampled;
  if (rate === 0 || scope.remaining === 0) return false;
  scope.requestCount += 1;
  if (scope.requestCount % rate !== 0) return false;
  if (scope.remaining > 0) scope.remaining -= 1;
  return true;
}

/** What a scope sets itself, after the changes; a count goes on from where it is. */
function withChanges(
  scope: Scope | undefined,
  changes: TraceSettingChanges,
): Partial<TraceSettings> {
  const overrides: Record<string, unknown> = { ...scope?.overrides };
  if (scope?.overrides.count !== undefined) overrides['count'] = scope.remaining;
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete overrides[name];
    else overrides[name] = value;
  }
  return overrides;
}

function assertUsable({ levels, rate }: TraceSettings, { mode, sink }: TracingOptions): void {
  if (levels.length === 0) return;
  let reason: string | undefined;
  if (rate === 0 && mode === 'triton') reason = 'sample rate must be non-zero';
  else if (sink === undefined) reason = 'trace file name is not given';
  else if (mode === 'opentelemetry' && levels.includes('TENSORS'))
    reason = 'opentelemetry mode does not support TENSORS';
  if (reason !== undefined)
    throw invalidArgument(`Attempting to set invalid trace setting :${reason}`);
}

function describe(scope: Scope, { mode, file }: TracingOptions): TraceSettingValues {
  const { levels, rate, logFrequency } = scope.settings;
  const values = new Map<string, string | readonly string[]>();
  values.set('trace_level', formatTraceLevels(levels));
  values.set('trace_rate', String(rate));
  values.set('trace_count', String(scope.remaining));
  if (mode === 'triton') {
    values.set('log_frequency', String(logFrequency));
    values.set('trace_file', file);
  }
  return values.set('trace_mode', mode);
}
