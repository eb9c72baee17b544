import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwayError, createOipGrpcClient } from '../src/client/index.ts';
import { encodeInferRequest } from '../src/protocols/oip-grpc/codec/infer-request-write.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { modelBytes } from '../src/testing/models/write-model.ts';
import { cancelCall, connectGrpc } from '../src/testing/grpc-client.ts';
import { blockingModel, slowRows } from './support/models.ts';
import { type TestServer, serve, until } from './support/serve.ts';

const inferPath = '/inference.GRPCInferenceService/ModelInfer';
const streamPath = '/inference.GRPCInferenceService/ModelStreamInfer';

/** A request that runs for many seconds if nobody ends it. */
function slowMessage(): Buffer {
  const { shape, data } = slowRows(20_000);
  const bytes = new Uint8Array((data as Float32Array).buffer);
  const message = {
    modelName: 'slow',
    modelVersion: '',
    id: '',
    inputs: new Map([['input', { datatype: 'FP32', shape, data: bytes } as const]]),
    outputs: [],
    parameters: {},
  };
  return Buffer.concat(encodeInferRequest(message));
}

function serveSlow(): Promise<TestServer> {
  return serve({
    'slow/config.pbtxt': 'max_batch_size: 20000\n',
    'slow/1/model.onnx': blockingModel(),
    'add/1/model.onnx': addModel(),
  });
}

async function inFlight(served: TestServer): Promise<number | undefined> {
  return served.metric('headway_in_flight_requests', { model: 'slow' });
}

for (const path of [inferPath, streamPath]) {
  test(`a client that takes ${path} back ends its run`, { timeout: 60_000 }, async () => {
    await using served = await serveSlow();
    await using client = connectGrpc(served.server.urls.grpc);
    const call = client.open(path);
    call.send(slowMessage());
    await until(async () => (await inFlight(served)) === 1);
    cancelCall(call);
    await until(async () => (await inFlight(served)) === 0);
  });
}

test('the deadline of a call ends its run', { timeout: 60_000 }, async () => {
  await using served = await serveSlow();
  await using client = connectGrpc(served.server.urls.grpc);
  const answer = await client.call(inferPath, slowMessage(), { 'grpc-timeout': '300m' });
  assert.equal(answer.status, 4, answer.message);
  await until(async () => (await inFlight(served)) === 0);
});

test('a model answers over gRPC what it answers over HTTP', { timeout: 60_000 }, async () => {
  await using served = await serveSlow();
  using client = createOipGrpcClient({ url: served.server.urls.grpc });
  const data = Float32Array.from({ length: 64 }, (_, index) => index);
  const inputs = ['a', 'b'].map((name) => ({
    name,
    datatype: 'FP32' as const,
    shape: [1, 64],
    data,
  }));
  const answer = await client.infer({ model: 'add', inputs, timings: true });
  assert.match(answer.serverTiming ?? '', /execute;dur=/);
  assert.deepEqual(
    answer.outputs.get('sum')!.data,
    data.map((value) => 2 * value),
  );
  const overHttp = await served.client.infer({ model: 'add', inputs });
  assert.deepEqual(answer.outputs, overHttp.outputs);
  assert.deepEqual(await client.modelMetadata('add'), await served.client.modelMetadata('add'));
  for await (const streamed of client.streamInfer([{ model: 'add', inputs, id: 's' }])) {
    assert.ok(streamed.kind === 'answer');
    assert.deepEqual(streamed.answer.outputs, overHttp.outputs);
  }
  const [overGrpc] = await client.statistics('add');
  assert.equal(overGrpc?.inference_stats['success']?.count, 3);
});

test(
  'a model is loaded over gRPC from files that come with the call',
  { timeout: 60_000 },
  async () => {
    await using served = await serve(
      { 'add/1/model.onnx': addModel() },
      { modelControlMode: 'explicit' },
    );
    using client = createOipGrpcClient({ url: served.server.urls.grpc });
    const files = new Map([['7/model.onnx', modelBytes(addModel({ elements: 4 }))]]);
    await assert.rejects(client.load('add', { files }), {
      code: 'invalid_argument',
      message: /needs the parameter 'config'/,
    });
    const config = { max_batch_size: 2, version_policy: { specific: { versions: [7] } } };
    await client.load('add', { config, files });
    const { versions, inputs } = await client.modelMetadata('add');
    assert.deepEqual([versions, inputs[0]!.shape], [['7'], [-1, 4]]);
    const data = Float32Array.of(1, 2, 3, 4);
    const given = ['a', 'b'].map((name) => ({
      name,
      datatype: 'FP32' as const,
      shape: [1, 4],
      data,
    }));
    const answer = await client.infer({ model: 'add', inputs: given });
    assert.deepEqual([...answer.outputs.get('sum')!.data], [2, 4, 6, 8]);
    assert.equal((await client.modelConfig('add'))['max_batch_size'], 2);
    const escaping = new Map([['../7/model.onnx', new Uint8Array(1)]]);
    await assert.rejects(client.load('add', { config, files: escaping }), {
      code: 'invalid_argument',
    });
    await client.unload('add');
    await assert.rejects(client.infer({ model: 'add', inputs: given }), HeadwayError);
  },
);
