import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrace } from './parse-trace.ts';

test('parseTrace() reads times, and inputs where they are named', () => {
  assert.deepEqual(parseTrace('# ms\n0\n\n1.5\r\n1.5', 't'), {
    intendedMs: Float64Array.of(0, 1.5, 1.5),
  });
  assert.deepEqual(parseTrace('0,3\n7 , 0\n', 't'), {
    intendedMs: Float64Array.of(0, 7),
    inputs: Uint32Array.of(3, 0),
  });
});

test('parseTrace() names the line of what is wrong', () => {
  const refused = (text: string, message: RegExp): void => {
    assert.throws(() => parseTrace(text, 'trace.csv'), { code: 'invalid_argument', message });
  };
  refused(
    '0\n20\n10',
    /^trace.csv, line 3: the time 10 ms is before that of the request above it, 20 ms; a trace must not go backwards\.$/,
  );
  refused('0\n-1', /^trace.csv, line 2: expected a time in ms, .*; got '-1'\.$/);
  refused('0\nsoon', /line 2: expected a time .* got 'soon'/);
  refused('0,1\n2', /line 2: names no input, unlike the lines above it/);
  refused('0\n2,1', /line 2: names an input, unlike the lines above it/);
  refused('# nothing', /trace.csv: the trace holds no request/);
});
