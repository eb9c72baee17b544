import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import { parseTraceContext } from './trace-context.ts';
import {
  type TraceSettingTexts,
  type TraceSettings,
  parseTraceSettings,
} from './trace-settings.ts';
import { type TraceMode, type Tracing, createTracing } from './tracing.ts';

const off: TraceSettings = { levels: [], rate: 1000, count: -1, logFrequency: 0 };

function start(initial: Partial<TraceSettings> = {}, hasSink = true, mode: TraceMode = 'triton') {
  const written: { readonly ids: readonly number[]; readonly isSeparate: boolean }[] = [];
  const tracing = createTracing({
    mode,
    initial: { ...off, ...initial },
    file: hasSink ? 'trace.json' : '',
    sink: hasSink
      ? {
          gathers: mode === 'opentelemetry',
          write: (records, isSeparate) =>
            void written.push({ ids: records.map(({ id }) => id), isSeparate }),
          async [Symbol.asyncDispose]() {},
        }
      : undefined,
    clock: createManualClock(),
  });
  return { tracing, written };
}

function texts(given: Readonly<Record<string, readonly string[] | null>>): TraceSettingTexts {
  return new Map(Object.entries(given));
}

/** How many of these requests are traced; each ends at once. */
function traced(tracing: Tracing, count: number, modelName = 'net'): number {
  let found = 0;
  for (let index = 0; index < count; index++) {
    const trace = tracing.start({ modelName, traceparent: undefined, tracestate: undefined });
    trace?.end(undefined);
    if (trace !== undefined) found += 1;
  }
  return found;
}

test('createTracing() traces one request in so many, until the count is used up', () => {
  const { tracing, written } = start({ levels: ['TIMESTAMPS'], rate: 10 });
  assert.equal(traced(tracing, 95), 9);
  tracing.update('', texts({ trace_rate: ['2'], trace_count: ['3'] }));
  assert.equal(traced(tracing, 20), 3);
  assert.equal(tracing.settings('').get('trace_count'), '0');
  assert.deepEqual(written.at(-1), { ids: [10, 11, 12], isSeparate: true });
});

test('createTracing() writes to a file of its own every so many traces', async () => {
  const { tracing, written } = start({ levels: ['TIMESTAMPS'], rate: 1, logFrequency: 2 });
  traced(tracing, 5);
  assert.deepEqual(written, [
    { ids: [1, 2], isSeparate: true },
    { ids: [3, 4], isSeparate: true },
  ]);
  await tracing[Symbol.asyncDispose]();
  assert.deepEqual(written.at(-1), { ids: [5], isSeparate: true });
});

test('createTracing() lets a model have settings of its own, and take them back', () => {
  const { tracing } = start();
  const shown = (model: string) => Object.fromEntries(tracing.settings(model));
  const first = shown('net');
  tracing.update('net', texts({ trace_rate: ['12'], log_frequency: ['34'] }));
  tracing.update('', texts({ trace_rate: ['56'], trace_count: ['78'] }));
  tracing.update('', texts({ trace_level: ['TENSORS', 'TIMESTAMPS'] }));
  assert.deepEqual(shown('net'), {
    trace_level: ['TIMESTAMPS', 'TENSORS'],
    trace_rate: '12',
    trace_count: '78',
    log_frequency: '34',
    trace_file: 'trace.json',
    trace_mode: 'triton',
  });
  assert.equal(shown('other')['trace_rate'], '56');
  tracing.update('net', texts({ trace_rate: null, log_frequency: [] }));
  assert.deepEqual(shown('net'), shown(''));
  tracing.update('', texts({ trace_rate: null, trace_count: null, trace_level: null }));
  assert.deepEqual(shown('net'), first);
});

test('createTracing() refuses settings that could not trace, and keeps those before', () => {
  const { tracing } = start({}, false);
  assert.throws(() => tracing.update('', texts({ trace_level: ['TIMESTAMPS'] })), {
    code: 'invalid_argument',
    message: 'Attempting to set invalid trace setting :trace file name is not given',
  });
  assert.deepEqual(tracing.settings('').get('trace_level'), ['OFF']);
  const { tracing: other } = start({ levels: ['TIMESTAMPS'] });
  assert.throws(() => other.update('', texts({ trace_rate: ['0'] })), {
    message: 'Attempting to set invalid trace setting :sample rate must be non-zero',
  });
});

test('parseTraceSettings() refuses with the texts of the protocol', () => {
  const cases: readonly [string, readonly string[], string, string][] = [
    [
      'trace_file',
      ['x'],
      'unimplemented',
      'trace file location can not be updated through network protocol',
    ],
    ['trace_rate', ['x'], 'invalid_argument', "Unable to parse 'trace_rate', got: x"],
    [
      'trace_rate',
      ['4294967296'],
      'invalid_argument',
      "Unable to parse 'trace_rate', value is out of range [ 0, 4294967295 ], got: 4294967296",
    ],
    ['trace_rate', ['1', '2'], 'invalid_argument', "expect only 1 value for 'trace_rate'"],
    [
      'trace_count',
      ['-2'],
      'invalid_argument',
      "Unable to parse 'trace_count'. Expecting value >= -1, got:-2",
    ],
    [
      'trace_level',
      ['OFF', 'TENSORS'],
      'invalid_argument',
      "Expect only one trace level 'OFF' is specified",
    ],
    ['trace_rates', ['1'], 'invalid_argument', "unknown trace setting 'trace_rates'; did you"],
  ];
  for (const [name, values, code, message] of cases) {
    assert.throws(
      () => parseTraceSettings(texts({ [name]: values })),
      (error: Error & { code: string }) => error.code === code && error.message.startsWith(message),
      name,
    );
  }
});

test('parseTraceContext() reads what is valid and nothing else', () => {
  const [id, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  const context = parseTraceContext(`00-${id}-${span}-01`, 'a=1');
  assert.deepEqual(
    [context?.traceId, context?.parentSpanId, context?.traceState],
    [id, span, 'a=1'],
  );
  assert.match(context?.spanId ?? '', /^[0-9a-f]{16}$/);
  assert.ok(parseTraceContext(`cc-${id}-${span}-01-more`));
  for (const text of [
    undefined,
    '',
    `ff-${id}-${span}-01`,
    `00-${id}-${span}-01-more`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `00-${id}-${span}`,
  ]) {
    assert.equal(parseTraceContext(text), undefined, text);
  }
  assert.equal(parseTraceContext(`00-${id}-${span}-01`, 'x'.repeat(513))?.traceState, '');
});

test('in the mode opentelemetry a caller that records decides, otherwise the rate; each trace is handed over at once', () => {
  const { tracing, written } = start({ levels: ['TIMESTAMPS'], rate: 0 }, true, 'opentelemetry');
  const begin = (traceparent: string | undefined) =>
    tracing.start({ modelName: 'net', traceparent, tracestate: undefined });
  const caller = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-`;
  assert.equal(begin(undefined), undefined);
  assert.equal(begin(`${caller}00`), undefined);
  assert.equal(begin('broken'), undefined);
  begin(`${caller}01`)!.end(undefined);
  begin(`${caller}03`)!.end(undefined);
  assert.deepEqual(written, [
    { ids: [1], isSeparate: false },
    { ids: [2], isSeparate: false },
  ]);
  assert.equal(tracing.settings('').get('trace_mode'), 'opentelemetry');
  tracing.update('', texts({ trace_rate: ['1'] }));
  assert.equal(traced(tracing, 3), 3);
  assert.ok(begin(`${caller}00`), 'by the rate');
  assert.throws(() => tracing.update('', texts({ trace_level: ['TENSORS'] })), {
    code: 'invalid_argument',
    message: /spans hold no tensors/,
  });
});
