import assert from 'node:assert/strict';
import { type ServerHttp2Stream, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { once } from 'node:events';
import { HeadwayError } from '../core/error.ts';
import type { InferenceServer } from '../server/interface.ts';
import { createFakeServer } from '../testing/fake-server.ts';
import { startOipGrpcServer } from '../testing/grpc-server.ts';
import { testOipClient } from './contract.ts';
import {
  type InputTensor,
  type OipGrpcClient,
  type StreamAnswer,
  type StreamRequest,
  createOipGrpcClient,
} from './index.ts';

testOipClient('gRPC', {
  encodings: ['binary'],
  async start(server, authorize) {
    const listening = await startOipGrpcServer(
      server,
      authorize === undefined ? {} : { authorize },
    );
    return {
      url: `grpc://${listening.target}`,
      [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
    };
  },
  connect: createOipGrpcClient,
  deadUrl: 'grpc://127.0.0.1:1',
});

interface Connected extends AsyncDisposable {
  readonly client: OipGrpcClient;
}

async function connect(
  server: InferenceServer = createFakeServer(),
  maxMessageBytes?: number,
): Promise<Connected> {
  const listening = await startOipGrpcServer(server);
  const client = createOipGrpcClient({ url: listening.target, maxMessageBytes });
  return {
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
    },
  };
}

function inputOf(value: number): InputTensor {
  return { name: 'x', datatype: 'INT32', shape: [1], data: Int32Array.of(value) };
}

function requestOf(value: number, model = 'echo'): StreamRequest {
  return { model, id: String(value), inputs: [inputOf(value)] };
}

function valueOf(answer: StreamAnswer): number | string {
  if (answer.kind === 'failure') return `${answer.id}: ${answer.error.message}`;
  const output = answer.answer.outputs.get('x');
  assert.ok(output?.datatype === 'INT32');
  return output.data[0]!;
}

test('streamInfer() answers every request in order, and tells of failures', async () => {
  await using connected = await connect();
  const requests = [requestOf(1), requestOf(2, 'nope'), requestOf(3)];
  const values: unknown[] = [];
  for await (const answer of connected.client.streamInfer(requests)) values.push(valueOf(answer));
  assert.deepEqual(values, [1, "2: Request for unknown model: 'nope' is not found", 3]);
});

test('streamInfer() takes the next request when an answer was seen', async () => {
  await using connected = await connect();
  let answered = Promise.withResolvers<void>();
  async function* oneByOne(): AsyncGenerator<StreamRequest> {
    for (let value = 0; value < 20; value += 1) {
      answered = Promise.withResolvers<void>();
      yield requestOf(value);
      await answered.promise;
    }
  }
  let count = 0;
  for await (const answer of connected.client.streamInfer(oneByOne())) {
    assert.equal(valueOf(answer), count);
    count += 1;
    answered.resolve();
  }
  assert.equal(count, 20);
});

test('streamInfer() carries tensors larger than every window, both ways', async () => {
  await using connected = await connect();
  const data = Float32Array.from({ length: 5 << 18 }, (_, index) => index);
  const inputs: InputTensor[] = [{ name: 'x', datatype: 'FP32', shape: [data.length], data }];
  let count = 0;
  for await (const answer of connected.client.streamInfer(
    Array.from({ length: 4 }, () => ({ model: 'echo', inputs })),
  )) {
    assert.ok(answer.kind === 'answer');
    const output = answer.answer.outputs.get('x');
    assert.ok(output?.datatype === 'FP32');
    assert.deepEqual(
      Buffer.from(output.data.buffer, output.data.byteOffset, data.byteLength),
      Buffer.from(data.buffer),
    );
    count += 1;
  }
  assert.equal(count, 4);
});

test('leaving the loop of streamInfer(), or its signal, ends the stream at the server', async () => {
  const aborted: string[] = [];
  let onAborted = Promise.withResolvers<void>();
  const fake = createFakeServer();
  await using connected = await connect({
    ...fake,
    infer(request) {
      if (request.id === '1') return fake.infer(request);
      return new Promise((_, reject) =>
        request.signal!.addEventListener('abort', () => {
          aborted.push(request.id);
          reject(request.signal!.reason as Error);
          onAborted.resolve();
        }),
      );
    },
  });
  const requests = [requestOf(1), requestOf(2)];
  for await (const answer of connected.client.streamInfer(requests)) {
    assert.equal(valueOf(answer), 1);
    break;
  }
  await onAborted.promise;
  onAborted = Promise.withResolvers();
  const abort = new AbortController();
  const stream = connected.client.streamInfer(requests, { signal: abort.signal });
  await stream.next();
  abort.abort();
  await assert.rejects(stream.next(), { code: 'cancelled' });
  await onAborted.promise;
  assert.deepEqual(aborted, ['2', '2']);
});

test('streamInfer() throws what its requests throw', async () => {
  await using connected = await connect();
  async function* failing(): AsyncGenerator<StreamRequest> {
    yield requestOf(1);
    throw new RangeError('mine');
  }
  const stream = connected.client.streamInfer(failing());
  await assert.rejects(async () => {
    for await (const answer of stream) valueOf(answer);
  }, RangeError);
  const bad = [{ model: 'echo', inputs: [{ ...inputOf(1), shape: [2] }] }];
  await assert.rejects(connected.client.streamInfer(bad).next(), { code: 'invalid_argument' });
});

test('a call ends at its deadline though the server says nothing', async () => {
  const fake = createFakeServer();
  await using connected = await connect({ ...fake, infer: () => new Promise(() => {}) });
  await assert.rejects(
    connected.client.infer({ model: 'echo', inputs: [inputOf(1)], deadlineMs: 10 }),
    { code: 'deadline_exceeded' },
  );
});

test('the client refuses messages beyond its limit', async () => {
  await using connected = await connect(createFakeServer(), 100);
  const data = new Float32Array(100);
  const inputs: InputTensor[] = [{ name: 'x', datatype: 'FP32', shape: [100], data }];
  await assert.rejects(connected.client.infer({ model: 'echo', inputs }), {
    code: 'resource_exhausted',
  });
  assert.equal(await connected.client.isLive(), true);
});

/** A server whose answers are made by hand. */
async function startRaw(
  answer: (stream: ServerHttp2Stream, count: number) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer();
  let count = 0;
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.resume();
    count += 1;
    answer(stream, count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

const good = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

function answerWith(stream: ServerHttp2Stream, bytes: Uint8Array): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(bytes);
}

test('the client connects again when the server has closed the connection', async () => {
  const sessions = new Set<unknown>();
  await using raw = await startRaw((stream) => {
    sessions.add(stream.session);
    answerWith(stream, good);
    stream.session!.close();
  });
  using client = createOipGrpcClient({ url: raw.url });
  assert.deepEqual([await client.isLive(), await client.isLive()], [true, true]);
  assert.equal(sessions.size, 2);
});

test('the client calls again when a call was refused unseen', async () => {
  await using raw = await startRaw((stream, count) => {
    if (count === 1) {
      stream.close(7);
      return;
    }
    answerWith(stream, good);
  });
  using client = createOipGrpcClient({ url: raw.url });
  assert.equal(await client.isLive(), true);
});

for (const [what, answer, code, message] of [
  [
    'no gRPC',
    (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
    'unavailable',
    /HTTP status 503/,
  ],
  [
    'an answer cut short',
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Uint8Array.of(0, 0, 0, 0, 9, 1));
    },
    'unavailable',
    /middle of a message/,
  ],
  [
    'no message',
    (stream) => stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true }),
    'internal',
    /without a message/,
  ],
  ['a reset', (stream) => stream.close(2), 'unavailable', /^No answer from grpc:/],
  [
    'a malformed message',
    (stream) => answerWith(stream, Uint8Array.of(0, 0, 0, 0, 1, 8)),
    'invalid_argument',
    /^Malformed protobuf/,
  ],
] as const satisfies readonly (readonly [
  string,
  (stream: ServerHttp2Stream) => void,
  string,
  RegExp,
])[]) {
  test(`a server that answers ${what} fails the call`, async () => {
    await using raw = await startRaw(answer);
    using client = createOipGrpcClient({ url: raw.url });
    await assert.rejects(client.isLive(), (thrown) => {
      assert.ok(thrown instanceof HeadwayError);
      assert.equal(thrown.code, code);
      assert.match(thrown.message, message);
      return true;
    });
  });
}

test('createOipGrpcClient() refuses an url that is none of gRPC', () => {
  for (const url of ['http://x:1', 'nothing', 'x:y', 'grpc://x', 'grpc://x:1/path']) {
    assert.throws(() => createOipGrpcClient({ url }), TypeError);
  }
  for (const url of ['x:1', '[::1]:8001', 'grpcs://x.y:443']) createOipGrpcClient({ url });
});
