import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireWriter } from '../../formats/protobuf/writer.ts';
import { echoMessage, echoOverGrpc, inferPath, streamPath } from '../../testing/echo-over-grpc.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { cancelCall } from '../../testing/grpc-client.ts';
import { decodeStreamResponse } from './codec/infer-response-read.ts';

test('a stream answers in order, tells of failures and goes on', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const plain = createFakeServer();
  await using served = await echoOverGrpc({
    infer: async (request) => {
      if (request.id === '0') await held;
      else if (request.id === '3') letGo();
      return plain.infer(request);
    },
  });
  const call = served.client.open(streamPath);
  for (const [index, model] of ['echo', 'nope', 'echo', 'echo'].entries()) {
    call.send(echoMessage(String(index), { model }));
  }
  call.end();
  const answer = await call.answer;
  assert.equal(answer.status, 0);
  const answers = answer.messages.map(decodeStreamResponse);
  assert.deepEqual(
    answers.map(({ response }) => response.id),
    ['0', '1', '2', '3'],
  );
  assert.ok(answers.every(({ response }) => response.parameters['triton_final_response'] === true));
  assert.match(answers[1]!.errorMessage, /unknown model/);
});

test('a stream with triton_grpc_error ends with the status of the first failure', async () => {
  await using served = await echoOverGrpc();
  const call = served.client.open(streamPath, { triton_grpc_error: 'true' });
  call.send(echoMessage('0'));
  call.send(echoMessage('1', { model: 'nope' }));
  call.send(echoMessage('2'));
  const answer = await call.answer;
  assert.equal(answer.status, 5);
  assert.equal(answer.messages.length, 1);
});

test('a stream tells of a message it cannot read, with its id', async () => {
  await using served = await echoOverGrpc();
  const call = served.client.open(streamPath);
  const broken = new WireWriter();
  broken.text(3, 'bad');
  broken.message(5, (input) => input.text(2, 'FP8'));
  call.send(Buffer.concat(broken.finish()));
  call.send(echoMessage('good'));
  call.end();
  const [first, second] = (await call.answer).messages.map(decodeStreamResponse);
  assert.equal(first!.response.id, 'bad');
  assert.match(first!.errorMessage, /datatype 'FP8'/);
  assert.deepEqual([second!.response.id, second!.errorMessage], ['good', '']);
});

test('a stream that is cut in a message disturbs nobody', async () => {
  await using served = await echoOverGrpc();
  const call = served.client.open(streamPath);
  call.send(echoMessage('0'));
  await call.received(1);
  call.stream.write(Uint8Array.of(0, 0, 0, 1, 0, 1, 2));
  cancelCall(call);
  await call.answer;
  assert.equal((await served.client.call(inferPath, echoMessage('b'))).status, 0);
});

test('a thousand idle streams leave the server answering', async () => {
  await using served = await echoOverGrpc();
  const calls = Array.from({ length: 1000 }, () => served.client.open(streamPath));
  calls[999]!.send(echoMessage('last'));
  await calls[999]!.received(1);
  assert.equal((await served.client.call(inferPath, echoMessage('b'))).status, 0);
  for (const call of calls) call.end();
  const answers = await Promise.all(calls.map((call) => call.answer));
  assert.ok(answers.every(({ status }) => status === 0));
});
