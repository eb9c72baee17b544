import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttributes, readOtlp } from '../../testing/otlp-schema.ts';
import type { TraceRecord } from '../request-trace.ts';
import { encodeSpans } from './encode-spans.ts';
import { toSpans } from './to-spans.ts';

const names = [
  'HTTP_RECV_START',
  'HTTP_RECV_END',
  'REQUEST_START',
  'QUEUE_START',
  'COMPUTE_START',
  'COMPUTE_INPUT_END',
  'COMPUTE_OUTPUT_START',
  'COMPUTE_END',
  'INFER_RESPONSE_COMPLETE',
  'REQUEST_END',
  'HTTP_SEND_START',
  'HTTP_SEND_END',
] as const;

const record: TraceRecord = {
  id: 7,
  modelName: 'net',
  modelVersion: 3,
  requestId: 'r',
  parent: {
    traceId: 'a'.repeat(32),
    parentSpanId: 'b'.repeat(16),
    spanId: 'c'.repeat(16),
    traceState: 'v=1',
  },
  moments: names.map((name, index) => ({ name, atMs: index })),
  tensors: [],
  failure: undefined,
};

const epochMs = 1_700_000_000_000;
const origin = { resource: { 'service.name': 'x' }, version: '1' };

function encode(given: TraceRecord) {
  return readOtlp(encodeSpans(toSpans(given, epochMs), origin));
}

test('a request becomes the spans that Triton makes of it, and its queue one more', () => {
  const { spans, resource } = encode(record);
  assert.deepEqual(resource, { 'service.name': 'x' });
  const byName = new Map(spans.map((span) => [span.name, span]));
  assert.deepEqual([...byName.keys()], ['InferRequest', 'net', 'queue', 'compute']);
  const root = byName.get('InferRequest')!;
  const model = byName.get('net')!;
  assert.deepEqual([root.spanId, root.parentSpanId], ['c'.repeat(16), 'b'.repeat(16)]);
  assert.deepEqual([root.kind, root.flags, model.kind, model.flags], [2, 0x301, 1, 0x101]);
  assert.equal(model.parentSpanId, root.spanId);
  for (const name of ['queue', 'compute']) {
    assert.equal(byName.get(name)!.parentSpanId, model.spanId);
  }
  for (const span of spans) {
    assert.equal(span.traceId, 'a'.repeat(32));
    assert.equal(span.traceState, 'v=1');
    assert.equal(readAttributes(span.attributes)['triton.model_name'], 'net');
  }
  assert.deepEqual(readAttributes(model.attributes), {
    'triton.model_name': 'net',
    'triton.model_version': '3',
    'triton.request_id': 'r',
    'triton.trace_id': '7',
    'triton.trace_parent_id': '0',
  });
  assert.equal(root.startTimeUnixNano, '1700000000000000000');
  assert.equal(root.endTimeUnixNano, '1700000000011000000');
  assert.deepEqual(
    byName.get('compute')!.events.map(({ name, timeUnixNano }) => [name, timeUnixNano]),
    names
      .map((name, index) => [name, `170000000000${index}000000`])
      .filter(([name]) => name!.startsWith('COMPUTE_')),
  );
  assert.equal(root.status, undefined);
});

test('a request without a caller begins a trace; one that failed early has one span', () => {
  const moments = record.moments.slice(0, 2);
  const failed = { ...record, parent: undefined, modelVersion: undefined, moments, failure: 'no' };
  const [first, ...others] = encode(failed).spans;
  assert.deepEqual(others, []);
  assert.equal(first!.parentSpanId, undefined);
  assert.equal(first!.flags, 0x101);
  assert.deepEqual(first!.status, { code: 2, message: 'no' });
  assert.notEqual(encode(failed).spans[0]!.traceId, first!.traceId);
  assert.deepEqual(encode({ ...failed, moments: [] }).spans, []);
});
