import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireWriter } from '../src/formats/protobuf/writer.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { cancelCall, connectGrpc } from '../src/testing/grpc-client.ts';
import { blockingModel, slowRows } from './support/models.ts';
import { type TestServer, serve, until } from './support/serve.ts';

const inferPath = '/inference.GRPCInferenceService/ModelInfer';
const streamPath = '/inference.GRPCInferenceService/ModelStreamInfer';

/** A request that runs for many seconds if nobody ends it. */
function slowMessage(): Buffer {
  const { shape, data } = slowRows(20_000);
  const bytes = new Uint8Array((data as Float32Array).buffer);
  return inferMessage('slow', [{ name: 'input', shape, bytes }]);
}

function inferMessage(
  model: string,
  inputs: readonly { name: string; shape: readonly number[]; bytes: Uint8Array }[],
): Buffer {
  const writer = new WireWriter();
  writer.text(1, model);
  for (const { name, shape } of inputs) {
    writer.message(5, (input) => {
      input.text(1, name);
      input.text(2, 'FP32');
      input.packedInt64(3, shape);
    });
  }
  for (const { bytes } of inputs) writer.bytes(7, bytes);
  return Buffer.concat(writer.finish());
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
  await using client = connectGrpc(served.server.urls.grpc);
  const values = Float32Array.from({ length: 64 }, (_, index) => index);
  const bytes = new Uint8Array(values.buffer);
  const inputs = ['a', 'b'].map((name) => ({ name, shape: [1, 64], bytes }));
  const { status, messages } = await client.call(inferPath, inferMessage('add', inputs));
  assert.equal(status, 0);
  const sum = Buffer.from(values.map((value) => 2 * value).buffer);
  assert.ok(messages[0]?.includes(sum));
  const answer = await served.client.infer({
    model: 'add',
    inputs: inputs.map(({ name, shape }) => ({ name, datatype: 'FP32', shape, data: values })),
  });
  assert.deepEqual(
    answer.outputs.get('sum')!.data,
    values.map((value) => 2 * value),
  );
});
