import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { echoMessage, echoOverGrpc, inferPath, streamPath } from '../../testing/echo-over-grpc.ts';
import { type GrpcCall, cancelCall, connectGrpc, grpcFrame } from '../../testing/grpc-client.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { inferenceService } from './codec/messages.ts';

const livePath = `/${inferenceService}/ServerLive`;
const checkPath = '/grpc.health.v1.Health/Check';
/** A message longer than none: a field that is not known, or an empty name. */
const smallMessage = Uint8Array.of(0x0a, 0);
const mebibyte = 1024 * 1024;

/** The prefix of a message of so many bytes. */
function prefixOf(byteLength: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(byteLength, 1);
  return prefix;
}

function begin(call: GrpcCall, byteLength: number, sentBytes: number): void {
  call.stream.write(prefixOf(byteLength));
  if (sentBytes > 0) call.stream.write(Buffer.alloc(sentBytes));
}

test('messages that are announced and do not come keep no memory from others', async () => {
  const limits = { maxBodyBytes: mebibyte, maxBufferedBytes: 2 * mebibyte };
  await using served = await echoOverGrpc({}, { limits });
  for (const sentBytes of [0, 1]) {
    for (let count = 0; count < 20; count += 1) {
      begin(served.client.open(inferPath), mebibyte, sentBytes);
      begin(served.client.open(streamPath), mebibyte, sentBytes);
    }
  }
  const large = echoMessage('a', { byteLength: mebibyte / 2 });
  const answers = [
    await served.client.call(livePath, smallMessage),
    await served.client.call(inferPath, large),
    await served.client.call(inferPath, echoMessage('b')),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [0, 0, 0],
  );
});

test('health is answered though no memory is left for messages', async () => {
  const limits = { maxBodyBytes: 5000, maxBufferedBytes: 5000 };
  await using served = await echoOverGrpc({}, { limits });
  begin(served.client.open(inferPath), 5000, 4990);
  const refused = await served.client.call(inferPath, echoMessage('a'));
  assert.equal(refused.status, 14);
  assert.match(refused.message, /too many request bodies/);
  for (const path of [livePath, checkPath]) {
    assert.equal((await served.client.call(path, smallMessage)).status, 0);
  }
});

test('a message that is begun and not gone on with ends its call, in time', async () => {
  const clock = createManualClock();
  const sessions = { messageTimeoutMs: 1000 };
  const limits = { maxBodyBytes: 5000, maxBufferedBytes: 5000 };
  await using served = await echoOverGrpc({}, { clock, sessions, limits });
  const { client } = served;
  const half = client.open(inferPath);
  begin(half, 2000, 1900);
  const halfOfStream = client.open(streamPath);
  halfOfStream.send(echoMessage('a'));
  await halfOfStream.received(1);
  begin(halfOfStream, 2000, 1900);
  const none = client.open(inferPath);
  const idle = client.open(streamPath);
  idle.send(echoMessage('a'));
  await idle.received(1);
  clock.advance(900);
  assert.equal((await client.call(livePath, smallMessage)).status, 0);
  clock.advance(600);
  for (const call of [half, halfOfStream, none]) {
    const { status, message } = await call.answer;
    assert.deepEqual([status, message], [4, 'The message did not arrive in time.']);
  }
  idle.send(echoMessage('b'));
  await idle.received(2);
  assert.equal(
    (await client.call(inferPath, echoMessage('c', { byteLength: 4800 }))).status,
    0,
    'what the lost messages held is free again',
  );
});

test('a stream may send for longer than one message may take', async () => {
  const clock = createManualClock();
  await using served = await echoOverGrpc({}, { clock, sessions: { messageTimeoutMs: 1000 } });
  const call = served.client.open(streamPath);
  const frame = grpcFrame(echoMessage('a'));
  call.stream.write(frame.subarray(0, 20));
  for (let count = 1; count < 10; count += 1) {
    call.stream.write(Buffer.concat([frame.subarray(20), frame.subarray(0, 20)]));
    await call.received(count);
    clock.advance(500);
  }
  call.stream.end(frame.subarray(20));
  assert.deepEqual([(await call.answer).status, call.messages.length], [0, 10]);
});

test('a stream that the server does not read is not held to be slow', async () => {
  const clock = createManualClock();
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const plain = createFakeServer();
  const infer = async (request: Parameters<typeof plain.infer>[0]): Promise<never> =>
    held.then(() => plain.infer(request) as Promise<never>);
  await using served = await echoOverGrpc(
    { infer },
    { clock, sessions: { messageTimeoutMs: 1000 } },
  );
  const call = served.client.open(streamPath);
  const frame = grpcFrame(echoMessage('a'));
  // More than are answered at one time, and half of another.
  const sentCount = 200;
  call.stream.write(Buffer.concat(Array.from({ length: sentCount }, () => frame)));
  call.stream.write(frame.subarray(0, 20));
  assert.equal((await served.client.call(livePath, smallMessage)).status, 0);
  clock.advance(5000);
  letGo();
  await call.received(sentCount);
  call.stream.end(frame.subarray(20));
  assert.equal((await call.answer).status, 0);
});

test('a message is held until its request has ended, though its client is gone', async () => {
  const limits = { maxBodyBytes: 5000, maxBufferedBytes: 5000 };
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const plain = createFakeServer();
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using served = await echoOverGrpc(
    {
      async infer(request) {
        if (request.id !== 'slow') return plain.infer(request);
        request.signal?.addEventListener('abort', () => gone.resolve());
        begun.resolve();
        await held;
        setImmediate(ended.resolve);
        return plain.infer(request);
      },
    },
    { limits },
  );
  await using other = connectGrpc(served.server.target);
  const call = other.open(inferPath);
  call.send(echoMessage('slow', { byteLength: 4000 }));
  await begun.promise;
  cancelCall(call);
  await gone.promise;
  const large = echoMessage('b', { byteLength: 3000 });
  assert.equal((await served.client.call(inferPath, large)).status, 14);
  letGo();
  await ended.promise;
  assert.equal((await served.client.call(inferPath, large)).status, 0);
});

test('a small message that decompresses to more than there is memory for is refused', async () => {
  const limits = { maxBodyBytes: 64 * mebibyte, maxBufferedBytes: mebibyte };
  await using served = await echoOverGrpc({}, { limits });
  const bomb = gzipSync(Buffer.alloc(32 * mebibyte));
  for (const path of [inferPath, streamPath]) {
    const call = served.client.open(path, { 'grpc-encoding': 'gzip' });
    call.stream.write(grpcFrame(bomb, { isCompressed: true }));
    const { status, message } = await call.answer;
    assert.equal(status, 14);
    assert.match(message, /too many request bodies/);
  }
  assert.equal(
    (await served.client.call(inferPath, echoMessage('a', { byteLength: 500_000 }))).status,
    0,
  );
});

test('a second message of a call of one leaves nothing held', async () => {
  const limits = { maxBodyBytes: 5000, maxBufferedBytes: 5000 };
  await using served = await echoOverGrpc({}, { limits });
  for (let count = 0; count < 5; count += 1) {
    const call = served.client.open(inferPath);
    call.send(echoMessage('a'));
    begin(call, 5000, 4000);
    cancelCall(call);
    await call.answer;
  }
  const large = echoMessage('b', { byteLength: 4000 });
  assert.equal((await served.client.call(inferPath, large)).status, 0);
});

test('a message is held until its answer is taken', async () => {
  const limits = { maxBodyBytes: 8 * mebibyte, maxBufferedBytes: 8 * mebibyte };
  await using served = await echoOverGrpc({}, { limits });
  await using other = connectGrpc(served.server.target);
  const message = echoMessage('a', { byteLength: 6 * mebibyte });
  const call = other.open(inferPath);
  call.stream.pause();
  const answered = new Promise((resolve) => call.stream.on('response', resolve));
  call.send(message);
  call.end();
  await answered;
  assert.equal((await served.client.call(inferPath, message)).status, 14);
  call.stream.resume();
  assert.equal((await call.answer).status, 0);
  await other.call(livePath, smallMessage);
  assert.equal((await served.client.call(inferPath, message)).status, 0);
});

test('a message of a stream is held until its answer is on its way', async () => {
  const limits = { maxBodyBytes: 5000, maxBufferedBytes: 5000 };
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const plain = createFakeServer();
  await using served = await echoOverGrpc(
    {
      async infer(request) {
        if (request.id === 'first') await held;
        const answer = await plain.infer(request);
        if (request.id === 'second') setImmediate(second.resolve);
        return answer;
      },
    },
    { limits },
  );
  const call = served.client.open(streamPath);
  call.send(echoMessage('first'));
  call.send(echoMessage('second', { byteLength: 4000 }));
  await second.promise;
  const large = echoMessage('b', { byteLength: 3000 });
  assert.equal((await served.client.call(inferPath, large)).status, 14);
  letGo();
  await call.received(2);
  call.stream.end();
  assert.equal((await call.answer).status, 0);
  assert.equal((await served.client.call(inferPath, large)).status, 0);
});

test('messages behind one that is decompressed come in their order, however many', async () => {
  const fake = createFakeServer();
  await using served = await echoOverGrpc(fake);
  const call = served.client.open(streamPath, { 'grpc-encoding': 'gzip' });
  const sentCount = 1000;
  const frames = Array.from({ length: sentCount }, (_, index) => {
    const message = echoMessage(String(index));
    return index % 7 === 0 ? compressedFrame(message) : grpcFrame(message);
  });
  call.stream.end(Buffer.concat(frames));
  assert.equal((await call.answer).status, 0);
  assert.equal(call.messages.length, sentCount);
  assert.deepEqual(
    fake.requests.map(({ id }) => Number(id)),
    Array.from({ length: sentCount }, (_, index) => index),
  );
});

function compressedFrame(message: Uint8Array): Buffer {
  const packed = gzipSync(message);
  const frame = Buffer.concat([prefixOf(packed.byteLength), packed]);
  frame[0] = 1;
  return frame;
}
