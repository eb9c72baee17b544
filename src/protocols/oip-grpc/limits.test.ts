import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import process from 'node:process';
import { test } from 'node:test';
import {
  echoMessage,
  echoOverGrpc,
  emptyMessage,
  inferPath,
  streamPath,
} from '../../testing/echo-over-grpc.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { connectGrpc } from '../../testing/grpc-client.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { decodeStreamResponse } from './codec/infer-response-read.ts';
import { inferenceService } from './codec/messages.ts';

const livePath = `/${inferenceService}/ServerLive`;

test('a client that takes no answers is read no further, and gets them all later', async () => {
  await using served = await echoOverGrpc();
  await using other = connectGrpc(served.server.target);
  const sentCount = 600;
  const call = served.client.open(streamPath);
  call.stream.pause();
  const message = echoMessage('a', { byteLength: 64 * 1024 });
  for (let index = 0; index < sentCount; index += 1) call.send(message);
  call.end();
  let requestCount = -1;
  while (requestCount !== served.fake.requests.length) {
    requestCount = served.fake.requests.length;
    // Each is a round trip, in which the server would go on if it could.
    for (let trip = 0; trip < 20; trip += 1) await other.call(livePath, emptyMessage);
  }
  // The messages of one read of the socket are answered before the stream is seen to be full.
  assert.ok(requestCount < 200, `${requestCount} of ${sentCount} requests were read`);
  call.stream.resume();
  const { status, messages } = await call.answer;
  assert.equal(status, 0);
  assert.equal(messages.length, sentCount);
  assert.equal(decodeStreamResponse(messages[0]!).response.outputs.get('x')!.data.length, 65_536);
});

test('many large answers to one stream leave no listeners behind', async () => {
  await using served = await echoOverGrpc();
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const call = served.client.open(streamPath);
  call.stream.pause();
  const message = echoMessage('a', { byteLength: 256 * 1024 });
  for (let index = 0; index < 20; index += 1) call.send(message);
  call.end();
  call.stream.resume();
  assert.equal((await call.answer).messages.length, 20);
  process.off('warning', note);
  assert.deepEqual(warnings, []);
});

test('an answer that nobody takes is given up, and the connection goes on', async () => {
  await using served = await echoOverGrpc({}, { sessions: { writeStallTimeoutMs: 50 } });
  await using other = connectGrpc(served.server.target);
  const call = other.open(inferPath);
  call.stream.pause();
  call.send(echoMessage('a', { byteLength: 4 << 20 }));
  call.end();
  assert.equal((await call.answer).status, -1);
  assert.equal(call.stream.rstCode, constants.NGHTTP2_CANCEL);
  assert.equal((await served.client.call(livePath, emptyMessage)).status, 0);
});

test('a connection that breaks ends what it asked for', async () => {
  const begun = Promise.withResolvers<void>();
  const aborted: string[] = [];
  const allAborted = Promise.withResolvers<void>();
  await using served = await echoOverGrpc({
    infer: ({ id, signal }) =>
      new Promise((_, reject) => {
        if (id === 'b') begun.resolve();
        signal!.addEventListener('abort', () => {
          reject(signal!.reason as Error);
          if (aborted.push(id) === 2) allAborted.resolve();
        });
      }),
  });
  await using other = connectGrpc(served.server.target);
  const unary = other.open(inferPath);
  unary.send(echoMessage('a', { byteLength: 1 }));
  const stream = other.open(streamPath);
  stream.send(echoMessage('b', { byteLength: 1 }));
  await begun.promise;
  other.session.destroy();
  await allAborted.promise;
  assert.deepEqual(aborted.toSorted(), ['a', 'b']);
  assert.equal((await served.client.call(livePath, emptyMessage)).status, 0);
});

function ping(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) =>
    session.ping((error) => (error === null ? resolve() : reject(error))),
  );
}

test('pings without a call are few, and come back with time', async () => {
  const clock = createManualClock();
  await using served = await echoOverGrpc(
    {},
    { clock, sessions: { maxPings: 3, pingIntervalMs: 1000 } },
  );
  const { session } = served.client;
  await once(session, 'connect');
  for (let count = 0; count < 3; count += 1) await ping(session);
  clock.advance(2000);
  for (let count = 0; count < 2; count += 1) await ping(session);
  const goaway = once(session, 'goaway');
  session.ping(() => {});
  const [code, , data] = (await goaway) as [number, number, Buffer];
  assert.equal(code, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  assert.equal(data.toString(), 'too_many_pings');
});

test('pings beside a call are as many as a client likes', async () => {
  await using served = await echoOverGrpc(
    {},
    { clock: createManualClock(), sessions: { maxPings: 1 } },
  );
  const { session } = served.client;
  const call = served.client.open(streamPath);
  call.send(echoMessage('a', { byteLength: 1 }));
  await call.received(1);
  for (let count = 0; count < 50; count += 1) await ping(session);
  call.end();
  assert.equal((await call.answer).status, 0);
});

test('a connection without a call for too long is closed well', async () => {
  await using served = await echoOverGrpc({}, { sessions: { idleTimeoutMs: 30 } });
  assert.equal((await served.client.call(livePath, emptyMessage)).status, 0);
  const [code] = (await once(served.client.session, 'goaway')) as [number];
  assert.equal(code, constants.NGHTTP2_NO_ERROR);
});

test('a connection that says nothing is closed', async () => {
  await using served = await echoOverGrpc({}, { sessions: { handshakeTimeoutMs: 30 } });
  const socket = connectSocket(served.server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
});

test('calls beyond the limit of one connection wait, connections beyond theirs are dropped', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const plain = createFakeServer();
  let atOnce = 0;
  let mostAtOnce = 0;
  await using served = await echoOverGrpc(
    {
      async infer(request) {
        atOnce += 1;
        mostAtOnce = Math.max(mostAtOnce, atOnce);
        await held;
        atOnce -= 1;
        return plain.infer(request);
      },
    },
    { sessions: { maxConcurrentStreams: 2, maxConnections: 1 } },
  );
  await once(served.client.session, 'remoteSettings');
  const calls = Array.from({ length: 5 }, () =>
    served.client.call(inferPath, echoMessage('a', { byteLength: 1 })),
  );
  const socket = connectSocket(served.server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
  letGo();
  for (const { status } of await Promise.all(calls)) assert.equal(status, 0);
  assert.ok(mostAtOnce <= 2);
});

test('calls beyond the limit of all connections are refused, but for health', async () => {
  await using served = await echoOverGrpc({}, { sessions: { maxCalls: 3 } });
  await using other = connectGrpc(served.server.target);
  const idle = [served.client.open(streamPath), served.client.open(streamPath)];
  const last = other.open(streamPath);
  for (const call of [...idle, last]) {
    call.send(echoMessage('a'));
    await call.received(1);
  }
  const refused = await served.client.call(inferPath, echoMessage('a'));
  assert.equal(refused.status, 14);
  assert.match(refused.message, /too many calls under way/);
  assert.equal((await served.client.call(livePath, emptyMessage)).status, 0);
  last.end();
  await last.answer;
  // The connection of the ended call is the one that knows it to be over.
  assert.equal((await other.call(inferPath, echoMessage('a'))).status, 0);
});
