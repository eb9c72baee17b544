import assert from 'node:assert/strict';
import { connect as connectSocket } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  echoMessage,
  echoOverGrpc,
  emptyMessage,
  inferPath,
  streamPath,
} from '../../testing/echo-over-grpc.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { type GrpcTestClient, cancelCall, grpcFrame } from '../../testing/grpc-client.ts';
import { createKeyAuthorizer, hashApiKey } from '../http/authorize.ts';
import { inferenceService } from './codec/messages.ts';

test('ModelInfer answers, and passes the deadline of the call on', async () => {
  await using served = await echoOverGrpc();
  const answer = await served.client.call(inferPath, echoMessage('a'), { 'grpc-timeout': '5S' });
  assert.equal(answer.status, 0);
  assert.equal(answer.messages.length, 1);
  const [request] = served.fake.requests;
  const left = request!.deadlineMs! - request!.receivedMs;
  assert.ok(left > 4000 && left <= 5000);
});

test('ModelInfer reads compressed messages', async () => {
  await using served = await echoOverGrpc();
  const call = served.client.open(inferPath, { 'grpc-encoding': 'gzip' });
  call.stream.end(grpcFrame(gzipSync(echoMessage('a')), { isCompressed: true }));
  assert.equal((await call.answer).status, 0);
});

test('a client that cancels aborts its request', async () => {
  const { promise: aborted, resolve: onAbort } = Promise.withResolvers<void>();
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
  await using served = await echoOverGrpc({
    infer: async ({ signal }) => {
      signal!.addEventListener('abort', () => onAbort());
      onBegin();
      await aborted;
      throw signal!.reason;
    },
  });
  const call = served.client.open(inferPath);
  call.send(echoMessage('a'));
  call.end();
  await begun;
  cancelCall(call);
  await aborted;
});

for (const [what, status, text, send] of [
  [
    'an unknown model',
    5,
    /unknown model: 'nope'/,
    (it) => it.call(inferPath, echoMessage('', { model: 'nope' })),
  ],
  [
    'an unknown method',
    12,
    /is not known/,
    (it) => it.call(`/${inferenceService}/Nope`, emptyMessage),
  ],
  [
    'malformed protobuf',
    3,
    /^Malformed protobuf/,
    (it) => it.call(inferPath, Uint8Array.of(0x0a, 9)),
  ],
  [
    'an oversized message',
    8,
    /^Received message larger than max \(1100000 vs\. \d+\); the setting maxBodyBytes \(--max-body\)/,
    (it) => it.call(inferPath, new Uint8Array(1_100_000)),
  ],
  [
    'an unknown coding',
    12,
    /grpc-encoding 'br'/,
    (it) => it.call(inferPath, emptyMessage, { 'grpc-encoding': 'br' }),
  ],
  [
    'a broken timeout',
    3,
    /grpc-timeout/,
    (it) => it.call(inferPath, emptyMessage, { 'grpc-timeout': 'x' }),
  ],
  [
    'a sequence of no messages',
    12,
    /takes one message/,
    (it) => {
      const call = it.open(inferPath);
      call.end();
      return call.answer;
    },
  ],
  [
    'a call cut in a message',
    13,
    /in the middle of a message/,
    (it) => {
      const call = it.open(inferPath);
      call.stream.end(Uint8Array.of(0, 0, 0, 0, 9, 1));
      return call.answer;
    },
  ],
  [
    'a compressed message without a coding',
    13,
    /names no grpc-encoding/,
    (it) => {
      const call = it.open(inferPath);
      call.stream.end(grpcFrame(emptyMessage, { isCompressed: true }));
      return call.answer;
    },
  ],
  [
    'broken compression',
    3,
    /not valid gzip/,
    (it) => {
      const call = it.open(inferPath, { 'grpc-encoding': 'gzip' });
      call.stream.end(grpcFrame(Uint8Array.of(1, 2, 3), { isCompressed: true }));
      return call.answer;
    },
  ],
  [
    'shared memory that is off',
    12,
    /shared memory is disabled/,
    (it) => it.call(`/${inferenceService}/SystemSharedMemoryUnregister`, emptyMessage),
  ],
] as const satisfies readonly (readonly [
  string,
  number,
  RegExp,
  (client: GrpcTestClient) => Promise<{ status: number; message: string }>,
])[]) {
  test(`${what} gets status ${status}, and the connection goes on`, async () => {
    await using served = await echoOverGrpc({}, { limits: { maxBodyBytes: 1 << 20 } });
    const answer = await send(served.client);
    assert.equal(answer.status, status, answer.message);
    assert.match(answer.message, text);
    assert.equal((await served.client.call(inferPath, echoMessage('b'))).status, 0);
  });
}

test('keys open the methods, and health needs none', async () => {
  const authorize = createKeyAuthorizer([{ sha256: hashApiKey('secret'), planes: ['inference'] }]);
  await using served = await echoOverGrpc({}, { authorize });
  assert.equal((await served.client.call(inferPath, echoMessage('a'))).status, 16);
  assert.equal((await served.client.call(`/${inferenceService}/Nope`, emptyMessage)).status, 16);
  const headers = { authorization: 'Bearer secret' };
  assert.equal((await served.client.call(inferPath, echoMessage('a'), headers)).status, 0);
  assert.equal(
    (await served.client.call(`/${inferenceService}/RepositoryIndex`, emptyMessage, headers))
      .status,
    7,
  );
  assert.equal((await served.client.call('/grpc.health.v1.Health/Check', emptyMessage)).status, 0);
});

test('health tells of services, and Watch of changes until the server stops', async () => {
  let isReady = false;
  await using served = await echoOverGrpc({ isReady: () => isReady });
  const check = await served.client.call('/grpc.health.v1.Health/Check', emptyMessage);
  assert.deepEqual([...check.messages[0]!], [8, 2]);
  const unknown = Uint8Array.of(0x0a, 1, 0x78);
  assert.equal((await served.client.call('/grpc.health.v1.Health/Check', unknown)).status, 5);
  const watch = served.client.open('/grpc.health.v1.Health/Watch');
  watch.send(emptyMessage);
  await watch.received(1);
  isReady = true;
  await watch.received(2);
  await served.server.drain(1000);
  const answer = await watch.answer;
  assert.equal(answer.status, 14);
  assert.deepEqual(
    answer.messages.map((message) => message[1]),
    [2, 1, 2],
  );
});

test('a draining server finishes what is in flight and ends streams', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
  const plain = createFakeServer();
  await using served = await echoOverGrpc({
    infer: async (request) => {
      onBegin();
      await held;
      return plain.infer(request);
    },
  });
  const idle = served.client.open(streamPath);
  const answer = served.client.call(inferPath, echoMessage('a'));
  await begun;
  const drained = served.server.drain(10_000);
  assert.equal((await idle.answer).status, 14);
  letGo();
  assert.equal((await answer).status, 0);
  await drained;
});

test('any bytes on a connection or in a call leave the server answering', async () => {
  await using served = await echoOverGrpc();
  const random = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: 60, seed: 7 });
  for (const bytes of random) {
    const call = served.client.open(bytes.length % 2 === 0 ? inferPath : streamPath);
    call.stream.end(bytes);
    const framed = served.client.open(streamPath);
    framed.stream.end(grpcFrame(bytes));
    await Promise.all([call.answer, framed.answer]);
  }
  for (const bytes of random.slice(0, 20)) {
    const socket = connectSocket(served.server.port, '127.0.0.1');
    socket.on('error', () => {});
    const preface = bytes.length % 2 === 0 ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : '';
    socket.resume();
    socket.end(Buffer.concat([Buffer.from(preface), bytes]));
    await once(socket, 'close');
  }
  assert.equal((await served.client.call(inferPath, echoMessage('b'))).status, 0);
});
