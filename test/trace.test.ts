import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http2';
import { test } from 'node:test';
import { createServer } from '../src/cli/create-server.ts';
import { encodeInferRequest } from '../src/protocols/oip-grpc/codec/infer-request-write.ts';
import { connectGrpc } from '../src/testing/grpc-client.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { createTestRepository } from './support/serve.ts';

interface TraceObject {
  readonly id: number;
  readonly model_name?: string;
  readonly trace_id?: string;
  readonly timestamps?: readonly { readonly name: string; readonly ns: number }[];
  readonly activity?: string;
  readonly tensor?: Readonly<Record<string, string>>;
}

const infer = '/v2/models/add/infer';
const body = JSON.stringify({
  id: 'one',
  inputs: ['a', 'b'].map((name) => ({ name, shape: [1, 2], datatype: 'FP32', data: [1, 2.5] })),
});

/** The `traceparent` that a call gets back. */
async function traceparentOverGrpc(target: string, traceparent: string): Promise<string> {
  await using client = connectGrpc(target);
  const tensor = { datatype: 'FP32', shape: [1, 2], data: new Uint8Array(8) } as const;
  const message = {
    modelName: 'add',
    modelVersion: '',
    id: '',
    inputs: new Map(['a', 'b'].map((name) => [name, tensor])),
    outputs: [],
    parameters: {},
  };
  const call = client.open('/inference.GRPCInferenceService/ModelInfer', { traceparent });
  const headers = once(call.stream, 'response');
  call.send(Buffer.concat(encodeInferRequest(message)));
  call.end();
  assert.equal((await call.answer).status, 0);
  const [{ traceparent: told }] = (await headers) as [IncomingHttpHeaders];
  return String(told);
}

test('requests are traced to a file in Triton form, and a caller finds its own', async () => {
  await using repository = await createTestRepository({
    'models/add/1/model.onnx': addModel({ elements: 2 }),
  });
  const file = `${repository.root}/trace.json`;
  const server = await createServer({
    modelRepositories: [`${repository.root}/models`],
    httpPort: 0,
    grpcPort: 0,
    metricsPort: 0,
    traceFile: file,
    traceLevels: ['TIMESTAMPS', 'TENSORS'],
    traceRate: 1,
  });
  const call = (path: string, init: RequestInit = {}) =>
    fetch(server.urls.http + path, { method: 'POST', ...init });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  const answer = await call(infer, { body, headers: { traceparent } });
  await answer.arrayBuffer();
  assert.match(answer.headers.get('traceparent') ?? '', new RegExp(`^00-${traceId}-\\w{16}-01$`));
  assert.match(
    await traceparentOverGrpc(server.urls.grpc, traceparent),
    new RegExp(`^00-${traceId}-`),
  );
  assert.equal((await call('/v2/models/none/infer', { body })).status, 404);
  assert.equal((await call(infer, { body: '{"inputs":[]}' })).status, 400);
  await server.close();

  const objects = JSON.parse(await readFile(file, 'utf8')) as readonly TraceObject[];
  const first = objects.filter(({ id }) => id === 1);
  assert.equal(first[0]?.model_name, 'add');
  assert.equal(first[0].trace_id, traceId);
  const moments = first.flatMap(({ timestamps = [] }) => timestamps);
  const byTime = moments.toSorted((one, other) => one.ns - other.ns).map(({ name }) => name);
  const stages =
    'HTTP_RECV_START HTTP_RECV_END REQUEST_START QUEUE_START COMPUTE_START COMPUTE_INPUT_END ' +
    'COMPUTE_OUTPUT_START COMPUTE_END INFER_RESPONSE_COMPLETE REQUEST_END HTTP_SEND_START HTTP_SEND_END';
  assert.deepEqual(byTime.toSorted(), stages.split(' ').toSorted());
  assert.equal(byTime[0], 'HTTP_RECV_START');
  assert.equal(byTime.at(-1), 'HTTP_SEND_END');
  const tensors = first.flatMap(({ activity, tensor }) => (tensor ? [{ activity, tensor }] : []));
  assert.deepEqual(tensors[0], {
    activity: 'TENSOR_QUEUE_INPUT',
    tensor: { name: 'a', data: '1,2.5', shape: '1,2', dtype: 'FP32' },
  });
  assert.equal(tensors.at(-1)?.tensor['data'], '2,5');
  assert.ok(objects.some(({ id, trace_id }) => id === 2 && trace_id === traceId));
  assert.ok(objects.some(({ id }) => id === 4));
});

test('trace and log settings are read and changed over HTTP', async () => {
  await using repository = await createTestRepository({
    'add/1/model.onnx': addModel({ elements: 2 }),
  });
  await using server = await createServer({
    modelRepositories: [repository.root],
    httpPort: 0,
    grpcPort: 0,
    metricsPort: 0,
  });
  const call = async (path: string, settings?: object): Promise<unknown[]> => {
    const init = settings && { method: 'POST', body: JSON.stringify(settings) };
    const answer = await fetch(server.urls.http + path, init);
    return [answer.status, await answer.json()];
  };
  const trace = '/v2/trace/setting';
  const model = '/v2/models/add/trace/setting';
  const initial = {
    trace_level: ['OFF'],
    trace_rate: '1000',
    trace_count: '-1',
    log_frequency: '0',
    trace_file: '',
    trace_mode: 'triton',
  };
  assert.deepEqual(await call(trace), [200, initial]);
  assert.deepEqual(await call(model, { trace_rate: '7' }), [200, { ...initial, trace_rate: '7' }]);
  assert.deepEqual(await call(model, { trace_rate: null }), [200, initial]);
  assert.deepEqual(await call('/v2/models/none/trace/setting'), [
    400,
    { error: 'Request for unknown model : none' },
  ]);
  assert.deepEqual(await call(trace, { trace_file: 'x' }), [
    501,
    { error: 'trace file location can not be updated through network protocol' },
  ]);
  assert.equal((await call(trace, { trace_rate: 7 }))[0], 400);
  const logging = {
    log_file: '',
    log_info: true,
    log_warning: true,
    log_error: true,
    log_verbose_level: 0,
    log_format: 'default',
  };
  assert.deepEqual(await call('/v2/logging'), [200, logging]);
  const changed = { log_info: false, log_verbose_level: 1, log_format: 'ISO8601' };
  assert.deepEqual(await call('/v2/logging', changed), [200, { ...logging, ...changed }]);
  assert.deepEqual(await call('/v2/logging', { log_file: 'x' }), [
    501,
    { error: 'log file location can not be updated through network protocol' },
  ]);
  assert.equal((await call('/v2/logging', { log_error: 'yes' }))[0], 400);
  assert.equal((await call('/v2/logging', { log_format: 'x' }))[0], 503);
});
