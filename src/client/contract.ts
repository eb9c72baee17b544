import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwayError } from '../core/error.ts';
import { createKeyAuthorizer, hashApiKey } from '../protocols/http/authorize.ts';
import type { Authorize } from '../protocols/http/route.ts';
import type { InferenceServer } from '../server/interface.ts';
import { type FakeServer, createFakeServer } from '../testing/fake-server.ts';
import type { InputTensor, OipClient } from './index.ts';

/** A listening server of one protocol. */
export interface ListeningServer extends AsyncDisposable {
  readonly url: string;
}

/** One protocol: its server, and the client under test. */
export interface ClientSubject {
  readonly encodings: readonly ('binary' | 'json')[];
  start(server: InferenceServer, authorize?: Authorize): Promise<ListeningServer>;
  connect(options: { readonly url: string; readonly apiKey?: string | undefined }): OipClient;
  /** Of a port where nobody listens. */
  readonly deadUrl: string;
}

interface Connected extends AsyncDisposable {
  readonly client: OipClient;
  readonly fake: FakeServer;
}

/** What every client must do, over whatever protocol. */
export function testOipClient(protocol: string, subject: ClientSubject): void {
  const connect = (overrides?: Partial<InferenceServer>, keys?: Keys): Promise<Connected> =>
    open(subject, overrides, keys);

  for (const encoding of subject.encodings) {
    test(`infer() sends and receives every datatype as ${encoding} over ${protocol}`, async () => {
      await using connected = await connect();
      const inputs = encoding === 'binary' ? [...tensors, ...binaryOnly] : tensors;
      const answer = await connected.client.infer({ model: 'echo', inputs, encoding, id: 'r' });
      assert.deepEqual([answer.modelName, answer.modelVersion, answer.id], ['echo', '1', 'r']);
      for (const { name, datatype, shape, data } of inputs) {
        assert.deepEqual(answer.outputs.get(name), { datatype, shape, data });
      }
    });

    test(`infer() sends texts and bytes as ${encoding} over ${protocol}`, async () => {
      await using connected = await connect();
      const data = ['h\u00e9', Buffer.from('raw'), ''];
      const input = { name: 'x', datatype: 'BYTES', shape: [3], data } as const;
      const { outputs } = await connected.client.infer({
        model: 'echo',
        inputs: [input],
        encoding,
      });
      const output = outputs.get('x');
      assert.ok(output?.datatype === 'BYTES');
      assert.deepEqual(
        output.data.map((bytes) => Buffer.from(bytes).toString()),
        ['h\u00e9', 'raw', ''],
      );
    });
  }

  test(`infer() passes its options on over ${protocol}`, async () => {
    await using connected = await connect();
    const answer = await connected.client.infer({
      model: 'echo',
      version: '1',
      inputs: [input],
      outputs: ['x'],
      parameters: { own: 'a' },
      priority: 2,
      queueTimeoutMicroseconds: 1000,
      deadlineMs: 5000,
      timings: true,
    });
    assert.match(answer.serverTiming ?? '', /execute;dur=2/);
    const [request] = connected.fake.requests;
    assert.deepEqual(
      [request?.modelVersion, request?.priority, request?.timeoutMicroseconds],
      ['1', 2, 1000],
    );
    assert.deepEqual({ ...request?.parameters }, { own: 'a' });
    assert.ok((request?.deadlineMs ?? 0) > 0);
    const classes = await connected.client.infer({
      model: 'echo',
      inputs: [input],
      outputs: [{ name: 'x', classificationCount: 2 }],
    });
    assert.equal(classes.outputs.get('x')?.datatype, 'BYTES');
  });

  test(`infer() refuses data that does not fit its datatype or shape over ${protocol}`, async () => {
    await using connected = await connect();
    const wrongType = { ...input, data: Float32Array.of(1) } as unknown as InputTensor;
    const wrongCount: InputTensor = { ...input, shape: [2] };
    const cases = [
      [wrongType, /must be a Int32Array for INT32/],
      [wrongCount, /has 1 elements; shape \[2\] asks for 2/],
    ] as const;
    for (const [bad, message] of cases) {
      await assert.rejects(connected.client.infer({ model: 'echo', inputs: [bad] }), {
        code: 'invalid_argument',
        message,
      });
    }
    assert.equal(connected.fake.requests.length, 0);
  });

  test(`the client asks for health, metadata, config and statistics over ${protocol}`, async () => {
    await using connected = await connect({ isReady: () => false });
    const { client } = connected;
    assert.deepEqual(
      [await client.isLive(), await client.isReady(), await client.isModelReady('echo')],
      [true, false, true],
    );
    assert.equal(await client.isModelReady('nope'), false);
    assert.equal((await client.serverMetadata()).name, 'headway');
    assert.equal((await client.modelMetadata('echo', { version: '1' })).inputs[0]?.name, 'x');
    const config = await client.modelConfig('echo');
    assert.deepEqual([config['name'], config['max_batch_size']], ['echo', 8]);
    assert.equal((await client.statistics())[0]?.inference_stats['success']?.count, 2);
    assert.equal((await client.statistics('echo'))[0]?.batch_stats[0]?.batch_size, 2);
  });

  test(`the client lists, loads and unloads models over ${protocol}`, async () => {
    await using connected = await connect();
    const { client, fake } = connected;
    assert.equal((await client.repositoryIndex()).length, 2);
    assert.equal((await client.repositoryIndex({ readyOnly: true })).length, 1);
    await client.load('a/b', {
      config: { max_batch_size: 2 },
      files: new Map([['1/model.onnx', Uint8Array.of(1, 2)]]),
    });
    await client.load('c');
    await client.unload('c');
    assert.deepEqual(
      fake.loads.map(({ name }) => name),
      ['a/b', 'c'],
    );
    assert.equal(fake.loads[0]?.overrides?.configJson, '{"max_batch_size":2}');
    assert.deepEqual([...(fake.loads[0]?.overrides?.files.get('1/model.onnx') ?? [])], [1, 2]);
    assert.deepEqual(fake.unloads, ['c']);
  });

  test(`the client throws the server's text with its code and retry time over ${protocol}`, async () => {
    const full = new HeadwayError('resource_exhausted', 'Exceeds maximum queue size', {
      retryAfterMs: 1500,
    });
    await using connected = await connect({ infer: () => Promise.reject(full) });
    await assert.rejects(connected.client.infer({ model: 'echo', inputs: [input] }), (thrown) => {
      assert.ok(thrown instanceof HeadwayError);
      assert.equal(thrown.code, 'resource_exhausted');
      assert.equal(thrown.message, 'Exceeds maximum queue size');
      // HTTP has whole seconds only.
      assert.ok(thrown.retryAfterMs === 1500 || thrown.retryAfterMs === 2000);
      return true;
    });
    await assert.rejects(connected.client.modelMetadata('nope'), { code: 'not_found' });
  });

  test(`the client sends its key over ${protocol}`, async () => {
    const authorize = createKeyAuthorizer([{ sha256: hashApiKey('k'), planes: ['inference'] }]);
    await using good = await connect({}, { authorize, apiKey: 'k' });
    assert.equal((await good.client.serverMetadata()).name, 'headway');
    await using bad = await connect({}, { authorize });
    await assert.rejects(bad.client.serverMetadata(), { code: 'unauthenticated' });
  });

  test(`a signal aborts a call, at both ends over ${protocol}`, async () => {
    const arrived = Promise.withResolvers<AbortSignal | undefined>();
    await using connected = await connect({
      infer: ({ signal }) => {
        arrived.resolve(signal);
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    });
    const abort = new AbortController();
    const call = connected.client.infer({ model: 'echo', inputs: [input], signal: abort.signal });
    const serverSignal = await arrived.promise;
    const seen = new Promise((resolve) => serverSignal?.addEventListener('abort', resolve));
    abort.abort();
    await assert.rejects(call, { code: 'cancelled' });
    await seen;
  });

  test(`the client says that a server cannot be reached over ${protocol}`, async () => {
    using client = subject.connect({ url: subject.deadUrl });
    await assert.rejects(client.isLive(), {
      code: 'unavailable',
      message: new RegExp(`^No answer from ${subject.deadUrl}: `),
    });
  });

  test(`a signal that is aborted already keeps a call from being sent over ${protocol}`, async () => {
    await using connected = await connect();
    const signal = AbortSignal.abort();
    await assert.rejects(connected.client.infer({ model: 'echo', inputs: [input], signal }), {
      code: 'cancelled',
    });
    assert.equal(connected.fake.requests.length, 0);
  });
}

interface Keys {
  readonly authorize?: Authorize;
  readonly apiKey?: string;
}

async function open(
  subject: ClientSubject,
  overrides: Partial<InferenceServer> = {},
  { authorize, apiKey }: Keys = {},
): Promise<Connected> {
  const fake = createFakeServer(overrides);
  const server = await subject.start(fake, authorize);
  const client = subject.connect({ url: server.url, apiKey });
  return {
    client,
    fake,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const tensors: readonly InputTensor[] = [
  { name: 'bool', datatype: 'BOOL', shape: [2], data: [true, false] },
  { name: 'u8', datatype: 'UINT8', shape: [3], data: Uint8Array.of(1, 2, 255) },
  { name: 'u16', datatype: 'UINT16', shape: [1], data: Uint16Array.of(65535) },
  { name: 'u32', datatype: 'UINT32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
  { name: 'u64', datatype: 'UINT64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  { name: 'i8', datatype: 'INT8', shape: [1], data: Int8Array.of(-1) },
  { name: 'i16', datatype: 'INT16', shape: [1], data: Int16Array.of(-2) },
  { name: 'i32', datatype: 'INT32', shape: [1], data: Int32Array.of(-3) },
  { name: 'i64', datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(-(2n ** 63n)) },
  { name: 'f32', datatype: 'FP32', shape: [2], data: Float32Array.of(1.5, Number.NaN) },
  { name: 'f64', datatype: 'FP64', shape: [], data: Float64Array.of(Math.PI) },
];
const binaryOnly: readonly InputTensor[] = [
  { name: 'f16', datatype: 'FP16', shape: [2], data: Float16Array.of(1.5, -2) },
  { name: 'bf16', datatype: 'BF16', shape: [1], data: Uint16Array.of(0x3f80) },
];

const input: InputTensor = { name: 'x', datatype: 'INT32', shape: [1], data: Int32Array.of(7) };
