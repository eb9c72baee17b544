import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOipGrpcClient } from '../src/client/index.ts';
import { startLoopbackServer } from '../src/testing/loopback-server.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { type OtlpSpan, readAttributes, readOtlp } from '../src/testing/otlp-schema.ts';
import { serve } from './support/serve.ts';

const inputs = ['a', 'b'].map((name) => ({
  name,
  datatype: 'FP32' as const,
  shape: [1, 2],
  data: Float32Array.of(1, 2),
}));

/** A collector that keeps what it is sent. */
async function startCollector() {
  const bodies: string[] = [];
  const server = await startLoopbackServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.end('{}');
    });
  });
  return { bodies, server };
}

test(
  'requests over HTTP and gRPC become spans below their callers',
  { timeout: 60_000 },
  async () => {
    const { bodies, server: collector } = await startCollector();
    await using _ = collector;
    const served = await serve(
      { 'add/1/model.onnx': addModel({ elements: 2 }) },
      {
        traceMode: 'opentelemetry',
        traceLevels: ['TIMESTAMPS'],
        traceRate: 1,
        traceUrl: collector.origin,
        traceResources: ['deployment.environment.name=test'],
        traceBatchSize: 4,
      },
    );
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const answer = await fetch(`${served.url}/v2/models/add/infer`, {
      method: 'POST',
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'v=1' },
      body: JSON.stringify({
        id: 'one',
        inputs: inputs.map((input) => ({ ...input, data: [...input.data] })),
      }),
    });
    await answer.arrayBuffer();
    const [, , rootId] = answer.headers.get('traceparent')!.split('-');
    using client = createOipGrpcClient({ url: served.server.urls.grpc });
    await client.infer({ model: 'add', inputs, id: 'two' });
    await assert.rejects(client.infer({ model: 'none', inputs }), { code: 'not_found' });
    await served[Symbol.asyncDispose]();

    const exports = bodies.map(readOtlp);
    assert.equal(exports[0]!.resource['service.name'], 'headway');
    assert.equal(exports[0]!.resource['deployment.environment.name'], 'test');
    const spans = exports.flatMap((each) => each.spans);
    const traces = Map.groupBy(spans, (span) => span.traceId);
    const called = traces.get(traceId)!;
    assert.deepEqual(
      called.map(({ name }) => name),
      ['InferRequest', 'add', 'queue', 'compute'],
    );
    assert.equal(called[0]!.spanId, rootId);
    assert.equal(called[0]!.parentSpanId, 'b7ad6b7169203331');
    assert.equal(called[0]!.traceState, 'v=1');
    assert.equal(readAttributes(called[1]!.attributes)['triton.request_id'], 'one');
    traces.delete(traceId);
    const others = [...traces.values()];
    assert.deepEqual(
      others.map((trace) => trace.length),
      [4, 1],
    );
    assert.ok(others[0]![0]!.events.some(({ name }) => name === 'GRPC_WAITREAD_START'));
    assert.equal(others[1]![0]!.status?.code, 2);
    for (const span of spans) assertInside(span, spans);
  },
);

/** A span lies inside its parent, but for the rounding of measured stages. */
function assertInside(span: OtlpSpan, spans: readonly OtlpSpan[]): void {
  const start = BigInt(span.startTimeUnixNano);
  const end = BigInt(span.endTimeUnixNano);
  assert.ok(start <= end, span.name);
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  if (parent === undefined) return;
  assert.ok(start >= BigInt(parent.startTimeUnixNano) - 1_000_000n, span.name);
  assert.ok(end <= BigInt(parent.endTimeUnixNano) + 1_000_000n, span.name);
}

test('a collector that is away costs spans and no request', { timeout: 60_000 }, async () => {
  await using served = await serve(
    { 'add/1/model.onnx': addModel({ elements: 2 }) },
    {
      traceMode: 'opentelemetry',
      traceLevels: ['TIMESTAMPS'],
      traceRate: 1,
      traceUrl: 'http://127.0.0.1:1',
      traceQueueSize: 8,
      traceBatchSize: 8,
    },
  );
  for (let index = 0; index < 20; index += 1) await served.client.infer({ model: 'add', inputs });
  const dropped = await served.metric('headway_trace_spans_dropped_total', {});
  assert.ok(dropped! > 0);
  assert.equal(await served.metric('headway_trace_spans_exported_total', {}), 0);
});

test('no spans, no counters of them', { timeout: 60_000 }, async () => {
  await using served = await serve({ 'add/1/model.onnx': addModel({ elements: 2 }) });
  assert.equal(await served.metric('headway_trace_spans_dropped_total', {}), undefined);
});
