import assert from 'node:assert/strict';
import { connect as connectSocket } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { WireReader } from '../../formats/protobuf/reader.ts';
import { WireWriter } from '../../formats/protobuf/writer.ts';
import type { InferenceServer } from '../../server/interface.ts';
import { type FakeServer, createFakeServer } from '../../testing/fake-server.ts';
import {
  type GrpcTestClient,
  cancelCall,
  connectGrpc,
  grpcFrame,
} from '../../testing/grpc-client.ts';
import { startOipGrpcServer } from '../../testing/grpc-server.ts';
import { createKeyAuthorizer, hashApiKey } from '../http/authorize.ts';
import type { GrpcServer } from './server.ts';

const service = '/inference.GRPCInferenceService';
const inferPath = `${service}/ModelInfer`;
const streamPath = `${service}/ModelStreamInfer`;
const empty = new Uint8Array(0);

interface Served extends AsyncDisposable {
  readonly fake: FakeServer;
  readonly server: GrpcServer;
  readonly client: GrpcTestClient;
}

async function serve(
  overrides: Partial<InferenceServer> = {},
  { apiKey, maxBodyBytes = 1 << 20 }: { apiKey?: string; maxBodyBytes?: number } = {},
): Promise<Served> {
  await using owned = new AsyncDisposableStack();
  const fake = createFakeServer(overrides);
  const keys = apiKey === undefined ? [] : [apiKey];
  const server = owned.use(
    await startOipGrpcServer(fake, {
      limits: { maxBodyBytes },
      authorize: createKeyAuthorizer(
        keys.map((key) => ({ sha256: hashApiKey(key), planes: ['inference'] })),
      ),
    }),
  );
  const client = owned.use(connectGrpc(server.target));
  const resources = owned.move();
  return { fake, server, client, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function inferMessage(id: string, { model = 'echo' }: { model?: string } = {}): Buffer {
  const writer = new WireWriter();
  writer.text(1, model);
  writer.text(3, id);
  writer.message(5, (input) => {
    input.text(1, 'x');
    input.text(2, 'FP32');
    input.packedInt64(3, [1, 1]);
  });
  writer.bytes(7, new Uint8Array(4));
  return Buffer.concat(writer.finish());
}

interface StreamAnswer {
  readonly error: string;
  readonly id: string;
  readonly isFinal: boolean;
}

function readStreamAnswer(bytes: Uint8Array): StreamAnswer {
  const answer = { error: '', id: '', isFinal: false };
  const reader = new WireReader(bytes, 'ModelStreamInferResponse');
  while (reader.nextField()) {
    if (reader.fieldNumber === 1) answer.error = reader.text();
    else {
      const inner = new WireReader(reader.bytes(), 'ModelInferResponse');
      while (inner.nextField()) {
        if (inner.fieldNumber === 3) answer.id = inner.text();
        else if (inner.fieldNumber === 4) {
          answer.isFinal ||= Buffer.from(inner.bytes()).includes('triton_final_response');
        } else inner.unknown();
      }
    }
  }
  return answer;
}

test('ModelInfer answers, and passes the deadline of the call on', async () => {
  await using served = await serve();
  const answer = await served.client.call(inferPath, inferMessage('a'), { 'grpc-timeout': '5S' });
  assert.equal(answer.status, 0);
  assert.equal(answer.messages.length, 1);
  const [request] = served.fake.requests;
  const left = request!.deadlineMs! - request!.receivedMs;
  assert.ok(left > 4000 && left <= 5000);
});

test('ModelInfer reads compressed messages', async () => {
  await using served = await serve();
  const call = served.client.open(inferPath, { 'grpc-encoding': 'gzip' });
  call.stream.end(grpcFrame(gzipSync(inferMessage('a')), { isCompressed: true }));
  assert.equal((await call.answer).status, 0);
});

test('a client that cancels aborts its request', async () => {
  const { promise: aborted, resolve: onAbort } = Promise.withResolvers<void>();
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
  await using served = await serve({
    infer: async ({ signal }) => {
      signal!.addEventListener('abort', () => onAbort());
      onBegin();
      await aborted;
      throw signal!.reason;
    },
  });
  const call = served.client.open(inferPath);
  call.send(inferMessage('a'));
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
    (it) => it.call(inferPath, inferMessage('', { model: 'nope' })),
  ],
  ['an unknown method', 12, /is not known/, (it) => it.call(`${service}/Nope`, empty)],
  [
    'malformed protobuf',
    3,
    /^Malformed protobuf/,
    (it) => it.call(inferPath, Uint8Array.of(0x0a, 9)),
  ],
  [
    'an oversized message',
    8,
    /^Received message larger than max/,
    (it) => it.call(inferPath, new Uint8Array(1_100_000)),
  ],
  [
    'an unknown coding',
    12,
    /grpc-encoding 'br'/,
    (it) => it.call(inferPath, empty, { 'grpc-encoding': 'br' }),
  ],
  [
    'a broken timeout',
    3,
    /grpc-timeout/,
    (it) => it.call(inferPath, empty, { 'grpc-timeout': 'x' }),
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
      call.stream.end(grpcFrame(empty, { isCompressed: true }));
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
    (it) => it.call(`${service}/SystemSharedMemoryUnregister`, empty),
  ],
] as const satisfies readonly (readonly [
  string,
  number,
  RegExp,
  (client: GrpcTestClient) => Promise<{ status: number; message: string }>,
])[]) {
  test(`${what} gets status ${status}, and the connection goes on`, async () => {
    await using served = await serve();
    const answer = await send(served.client);
    assert.equal(answer.status, status, answer.message);
    assert.match(answer.message, text);
    assert.equal((await served.client.call(inferPath, inferMessage('b'))).status, 0);
  });
}

test('a stream answers in order, tells of failures and goes on', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const plain = createFakeServer();
  await using served = await serve({
    infer: async (request) => {
      if (request.id === '0') await held;
      else if (request.id === '3') letGo();
      return plain.infer(request);
    },
  });
  const call = served.client.open(streamPath);
  for (const [index, model] of ['echo', 'nope', 'echo', 'echo'].entries()) {
    call.send(inferMessage(String(index), { model }));
  }
  call.end();
  const answer = await call.answer;
  assert.equal(answer.status, 0);
  const answers = answer.messages.map(readStreamAnswer);
  assert.deepEqual(
    answers.map(({ id }) => id),
    ['0', '1', '2', '3'],
  );
  assert.ok(answers.every(({ isFinal }) => isFinal));
  assert.match(answers[1]!.error, /unknown model/);
});

test('a stream with triton_grpc_error ends with the status of the first failure', async () => {
  await using served = await serve();
  const call = served.client.open(streamPath, { triton_grpc_error: 'true' });
  call.send(inferMessage('0'));
  call.send(inferMessage('1', { model: 'nope' }));
  call.send(inferMessage('2'));
  const answer = await call.answer;
  assert.equal(answer.status, 5);
  assert.equal(answer.messages.length, 1);
});

test('a stream tells of a message it cannot read, with its id', async () => {
  await using served = await serve();
  const call = served.client.open(streamPath);
  const broken = new WireWriter();
  broken.text(3, 'bad');
  broken.message(5, (input) => input.text(2, 'FP8'));
  call.send(Buffer.concat(broken.finish()));
  call.send(inferMessage('good'));
  call.end();
  const [first, second] = (await call.answer).messages.map(readStreamAnswer);
  assert.equal(first!.id, 'bad');
  assert.match(first!.error, /datatype 'FP8'/);
  assert.deepEqual([second!.id, second!.error], ['good', '']);
});

test('a stream that is cut in a message disturbs nobody', async () => {
  await using served = await serve();
  const call = served.client.open(streamPath);
  call.send(inferMessage('0'));
  await call.received(1);
  call.stream.write(Uint8Array.of(0, 0, 0, 1, 0, 1, 2));
  cancelCall(call);
  await call.answer;
  assert.equal((await served.client.call(inferPath, inferMessage('b'))).status, 0);
});

test('a thousand idle streams leave the server answering', async () => {
  await using served = await serve();
  const calls = Array.from({ length: 1000 }, () => served.client.open(streamPath));
  calls[999]!.send(inferMessage('last'));
  await calls[999]!.received(1);
  assert.equal((await served.client.call(inferPath, inferMessage('b'))).status, 0);
  for (const call of calls) call.end();
  const answers = await Promise.all(calls.map((call) => call.answer));
  assert.ok(answers.every(({ status }) => status === 0));
});

test('keys open the methods, and health needs none', async () => {
  await using served = await serve({}, { apiKey: 'secret' });
  assert.equal((await served.client.call(inferPath, inferMessage('a'))).status, 16);
  assert.equal((await served.client.call(`${service}/Nope`, empty)).status, 16);
  const headers = { authorization: 'Bearer secret' };
  assert.equal((await served.client.call(inferPath, inferMessage('a'), headers)).status, 0);
  assert.equal((await served.client.call(`${service}/RepositoryIndex`, empty, headers)).status, 7);
  assert.equal((await served.client.call('/grpc.health.v1.Health/Check', empty)).status, 0);
});

test('health tells of services, and Watch of changes until the server stops', async () => {
  let isReady = false;
  await using served = await serve({ isReady: () => isReady });
  const check = await served.client.call('/grpc.health.v1.Health/Check', empty);
  assert.deepEqual([...check.messages[0]!], [8, 2]);
  const unknown = Uint8Array.of(0x0a, 1, 0x78);
  assert.equal((await served.client.call('/grpc.health.v1.Health/Check', unknown)).status, 5);
  const watch = served.client.open('/grpc.health.v1.Health/Watch');
  watch.send(empty);
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
  await using served = await serve({
    infer: async (request) => {
      onBegin();
      await held;
      return plain.infer(request);
    },
  });
  const idle = served.client.open(streamPath);
  const answer = served.client.call(inferPath, inferMessage('a'));
  await begun;
  const drained = served.server.drain(10_000);
  assert.equal((await idle.answer).status, 14);
  letGo();
  assert.equal((await answer).status, 0);
  await drained;
});

test('any bytes on a connection or in a call leave the server answering', async () => {
  await using served = await serve();
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
  assert.equal((await served.client.call(inferPath, inferMessage('b'))).status, 0);
});
