import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createServer } from '../src/cli/create-server.ts';
import { HeadwayError, createOipHttpClient } from '../src/client/index.ts';
import type { OnnxModel, OnnxTensor } from '../src/formats/onnx/model.ts';
import { addModel, identityModel } from '../src/testing/models/small-models.ts';
import { modelBytes } from '../src/testing/models/write-model.ts';
import { openRaw } from '../src/testing/http-exchange.ts';
import { row } from './support/models.ts';
import { type TestServer, serve } from './support/serve.ts';

const identity = identityModel('FP32', [-1, 'count']);

describe('a model file', () => {
  /** The model with its first weight in another file. */
  function withExternalWeight(location: string, length = 16): OnnxModel {
    const model = addModel({ elements: 4 });
    const properties = [
      { key: 'location', value: location },
      { key: 'offset', value: '0' },
      { key: 'length', value: String(length) },
    ];
    const data = { kind: 'external', properties } as const;
    const weight: OnnxTensor = { name: 'b', dataType: 1, dims: [4], data };
    const { graph } = model;
    return {
      ...model,
      graph: {
        ...graph,
        initializers: [weight],
        inputs: graph.inputs.filter(({ name }) => name !== 'b'),
      },
    };
  }

  test('may have weights beside it, and not outside its folder', async () => {
    const weights = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
    await using served = await serve(
      {
        'inside/1/model.onnx': withExternalWeight('weights.bin'),
        'inside/1/weights.bin': weights,
        'above/1/model.onnx': withExternalWeight('../../secret.bin'),
        'absolute/1/model.onnx': withExternalWeight('/etc/passwd'),
        'linked/1/model.onnx': withExternalWeight('weights.bin'),
        'missing/1/model.onnx': withExternalWeight('weights.bin'),
        'short/1/model.onnx': withExternalWeight('weights.bin', 1024),
        'short/1/weights.bin': weights,
        'secret.bin': weights,
      },
      { modelControlMode: 'explicit' },
    );
    const { client, repository } = served;
    await symlink(
      join(repository.root, 'secret.bin'),
      join(repository.root, 'linked/1/weights.bin'),
    );
    await client.load('inside');
    const answer = await client.infer({ model: 'inside', inputs: [row('a', [10, 20, 30, 40])] });
    assert.deepEqual([...(answer.outputs.get('sum')!.data as Float32Array)], [11, 22, 33, 44]);
    for (const name of ['above', 'absolute', 'linked', 'missing', 'short']) {
      await assert.rejects(client.load(name), (error: unknown) => {
        assert.ok(error instanceof HeadwayError);
        assert.notEqual(error.code, 'internal', error.message);
        assert.ok(!error.message.includes(repository.root), error.message);
        return true;
      });
    }
  });

  test('may be damaged in any way without harm to the server', async () => {
    await using served = await serve(
      { 'good/1/model.onnx': identity },
      { modelControlMode: 'explicit', loadModels: ['good'] },
    );
    const { client } = served;
    const whole = modelBytes(addModel({ elements: 4 }));
    const damage = fc.oneof(
      fc.record({ cut: fc.nat({ max: whole.length - 1 }) }),
      fc.record({ at: fc.nat({ max: whole.length - 1 }), byte: fc.nat({ max: 255 }) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const bytes = 'cut' in how ? whole.slice(0, how.cut) : whole.slice();
        if ('at' in how) bytes[how.at] = how.byte;
        const files = new Map([['1/model.onnx', bytes]]);
        await client.load('bad', { config: {}, files }).catch((error: unknown) => {
          assert.ok(error instanceof HeadwayError);
          assert.ok(['invalid_argument', 'unimplemented'].includes(error.code), error.message);
        });
        assert.equal(await client.isModelReady('good'), true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a request over the wire', () => {
  let served: TestServer;
  before(async () => {
    served = await serve({ 'm/1/model.onnx': identity }, { maxBodyBytes: 100_000 });
  });
  after(() => served[Symbol.asyncDispose]());

  const infer = (
    body: string | Uint8Array<ArrayBuffer> | ReadableStream,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const options = { method: 'POST', body, headers, duplex: 'half' } as const;
    return fetch(`${served.url}/v2/models/m/infer`, options);
  };

  async function assertRefused(answer: Response, status: number, text: RegExp): Promise<void> {
    const { error } = (await answer.json()) as { error: string };
    assert.equal(answer.status, status, error);
    assert.match(error, text);
  }

  test('is refused beyond the limit, whole, chunked or once decompressed', async () => {
    const large = 'x'.repeat(100_001);
    await assertRefused(
      await infer(large),
      400,
      /exceeds the maximum allowed (?:value|input size) of 100000 bytes/,
    );
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(large));
        controller.close();
      },
    });
    await assertRefused(await infer(chunked), 400, /exceeds the maximum allowed/);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    assert.ok(bomb.length < 100_000);
    await assertRefused(await infer(bomb, { 'Content-Encoding': 'gzip' }), 400, /limit/);
    const json = `{"inputs":[{"name":"input","shape":[1,40000],"datatype":"FP32","data":[${'0,'.repeat(39_999)}0]}]}`;
    await assertRefused(await infer(json), 400, /limit|larger|bytes/);
  });

  test('is answered when it is as large as may be', async () => {
    const values = new Float32Array(24_000);
    const { outputs } = await served.client.infer({
      model: 'm',
      inputs: [row('input', [...values])],
    });
    assert.deepEqual(outputs.get('output')!.shape, [1, 24_000]);
  });

  test('of the default limit of 64 MiB is taken to the byte', async () => {
    await using standard = await serve({ 'm/1/model.onnx': identity });
    const header = (size: number): string =>
      JSON.stringify({
        inputs: [
          {
            name: 'input',
            datatype: 'FP32',
            shape: [1, size / 4],
            parameters: { binary_data_size: size },
          },
        ],
      });
    for (const [excess, status] of [
      [0, 200],
      [1, 400],
    ] as const) {
      const limit = 64 * 1024 * 1024 + excess;
      let head = header(limit - 1024 - excess);
      head = head.padEnd(1024 + excess);
      const answer = await fetch(`${standard.url}/v2/models/m/infer`, {
        method: 'POST',
        headers: { 'Inference-Header-Content-Length': String(head.length) },
        body: Buffer.concat([Buffer.from(head), Buffer.alloc(limit - head.length)]),
      });
      assert.equal(answer.status, status, status === 200 ? await answer.text() : '');
      await answer.arrayBuffer().catch(() => {});
    }
  });

  test('may be garbage of any kind: it gets a 4xx and the next one is answered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        fc.option(
          fc.oneof(
            fc.integer({ min: 1, max: 300 }).map(String),
            // A length of 0 makes any bytes a raw request, which may well be a good one.
            fc
              .string({ maxLength: 5, unit: 'grapheme-ascii' })
              .filter((text) => !/^0+$/.test(text.trim())),
          ),
        ),
        async (body, headerLength) => {
          const headers: Record<string, string> = {};
          if (headerLength !== null)
            headers['Inference-Header-Content-Length'] = headerLength.trim();
          const answer = await infer(Uint8Array.from(body), headers);
          const { error } = (await answer.json()) as { error: string };
          assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${error}`);
        },
      ),
      { numRuns: 200 },
    );
    await served.client.infer({ model: 'm', inputs: [row('input', [1])] });
  });

  test('that is no HTTP does not disturb the others', async () => {
    const port = Number(new URL(served.url).port);
    using noise = await openRaw(port);
    using slow = await openRaw(port);
    using half = await openRaw(port);
    slow.write('POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    half.write('GET /v2/health/live HTT');
    noise.write('\u0016\u0003\u0001 this is not HTTP\r\n\r\n');
    assert.match(await noise.closed(), /^HTTP\/1\.1 400 /);
    await served.client.infer({ model: 'm', inputs: [row('input', [1])] });
    assert.equal(await served.client.isReady(), true);
  });

  test('to a path or with a method that is none is told so', async () => {
    const paths: [string, string, number][] = [
      ['GET', '/', 404],
      ['GET', '/v2/models/../../etc/passwd', 404],
      ['GET', '/v2/models/%2e%2e/config', 404],
      ['GET', '/v2/models/a%2fb/config', 404],
      ['GET', '/v2/models/m/infer', 405],
      ['POST', '/v2/health/live', 405],
      ['GET', '/v2/models/m/versions/x/config', 404],
      ['GET', '/v2/models/%ff', 400],
    ];
    for (const [method, path, status] of paths) {
      const port = Number(new URL(served.url).port);
      using raw = await openRaw(port);
      raw.write(
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      const text = await raw.closed();
      assert.ok(text.startsWith(`HTTP/1.1 ${status} `), `${method} ${path}: ${text}`);
      assert.match(text, /\{"error":".+"\}/);
    }
  });
});

describe('an address and a key', () => {
  test('an address beyond loopback needs a key or a flag', async () => {
    await assert.rejects(
      createServer({
        modelRepositories: [],
        httpHost: '0.0.0.0',
        httpPort: 0,
        grpcPort: 0,
        metricsPort: 0,
      }),
      { code: 'invalid_argument', message: /httpHost.*0\.0\.0\.0.*--api-key.*--insecure/ },
    );
    await using open = await createServer({
      modelRepositories: [],
      httpHost: '0.0.0.0',
      httpPort: 0,
      grpcPort: 0,
      metricsPort: 0,
      insecure: true,
    });
    assert.equal(open.isReady(), true);
  });

  test('a key is asked for everywhere but at health', async () => {
    await using served = await serve({ 'm/1/model.onnx': identity }, { apiKeys: ['one', 'two'] });
    const statusOf = async (
      path: string,
      authorization?: string,
      method = 'GET',
    ): Promise<number> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await fetch(path.startsWith('http') ? path : served.url + path, { method, headers }))
        .status;
    };
    assert.equal(await statusOf('/v2/health/live'), 200);
    assert.equal(await statusOf('/v2/health/ready'), 200);
    const guarded: [string, string][] = [
      ['GET', '/v2'],
      ['GET', '/v2/models/m'],
      ['GET', '/v2/models/m/ready'],
      ['GET', '/v2/models/stats'],
      ['POST', '/v2/models/m/infer'],
      ['POST', '/v2/repository/index'],
      ['GET', '/nothing/here'],
      ['GET', `${served.server.urls.metrics}/metrics`],
    ];
    for (const [method, path] of guarded) {
      assert.equal(await statusOf(path, undefined, method), 401, path);
      assert.equal(await statusOf(path, 'Bearer three', method), 401, path);
      assert.equal(await statusOf(path, 'Basic one', method), 401, path);
      assert.notEqual(await statusOf(path, 'Bearer two', method), 401, path);
    }
    await served.client.infer({ model: 'm', inputs: [row('input', [1])] });
    using stranger = createOipHttpClient({ url: served.url });
    await assert.rejects(stranger.infer({ model: 'm', inputs: [row('input', [1])] }), {
      code: 'unauthenticated',
      message: /Authorization: Bearer/,
    });
  });

  test('a port that is taken, and a folder that is none, are said', async () => {
    await using served = await serve({ 'm/1/model.onnx': identity });
    const httpPort = Number(new URL(served.url).port);
    await assert.rejects(
      createServer({
        modelRepositories: [served.repository.root],
        httpPort,
        grpcPort: 0,
        metricsPort: 0,
      }),
      { code: 'failed_precondition', message: new RegExp(`port ${httpPort}: it is in use`) },
    );
    const nowhere = join(served.repository.root, 'nowhere');
    await assert.rejects(
      createServer({ modelRepositories: [nowhere], httpPort: 0, grpcPort: 0, metricsPort: 0 }),
      { code: 'failed_precondition', message: /is no folder/ },
    );
    const library = join(served.repository.root, 'not-a-library.so');
    await writeFile(library, 'text');
    await assert.rejects(
      createServer({
        modelRepositories: [],
        httpPort: 0,
        grpcPort: 0,
        metricsPort: 0,
        onnxruntimeLibrary: library,
      }),
      { code: 'failed_precondition', message: /not-a-library\.so/ },
    );
    await assert.rejects(
      createServer({ modelRepository: ['x'] } as unknown as Parameters<typeof createServer>[0]),
      {
        code: 'invalid_argument',
        message: /unknown setting 'modelRepository'.*'modelRepositories'/,
      },
    );
  });
});
