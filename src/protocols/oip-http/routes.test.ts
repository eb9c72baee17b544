import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { HeadwayError } from '../../core/error.ts';
import type { InferenceServer } from '../../server/interface.ts';
import { type FakeServer, createFakeServer } from '../../testing/fake-server.ts';
import { type OipServerOptions, openRaw, startOipServer } from '../../testing/http-exchange.ts';
import { createKeyAuthorizer, hashApiKey } from '../http/authorize.ts';

interface Served extends AsyncDisposable {
  readonly fake: FakeServer;
  readonly port: number;
  call(path: string, init?: RequestInit): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
}

async function serve(
  overrides: Partial<InferenceServer> = {},
  options: OipServerOptions = {},
): Promise<Served> {
  const fake = createFakeServer(overrides);
  const server = await startOipServer(fake, options);
  return {
    fake,
    port: server.port,
    async call(path, init) {
      const response = await fetch(server.url + path, init);
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, text: bytes.toString(), bytes };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const infer = '/v2/models/echo/infer';
const floats = Float32Array.of(1.5, -2);
const floatBytes = Buffer.from(floats.buffer);
const jsonBody = '{"id":"a","inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1.5,-2]}]}';
const binaryHeader =
  '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}],"parameters":{"binary_data_output":true}}';
const binaryBody = Buffer.concat([Buffer.from(binaryHeader), floatBytes]);
const binaryHeaders = { 'inference-header-content-length': String(binaryHeader.length) };

function post(
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = {},
): RequestInit {
  return { method: 'POST', body, headers };
}

test('health answers 200 or 400 without a body', async () => {
  await using up = await serve();
  await using down = await serve({ isLive: () => false, isReady: () => false });
  for (const path of ['/v2/health/live', '/v2/health/ready']) {
    const good = await up.call(path);
    assert.deepEqual([good.status, good.text], [200, '']);
    const bad = await down.call(path);
    assert.deepEqual([bad.status, bad.text], [400, '']);
  }
  assert.equal((await up.call('/v2/models/echo/ready')).status, 200);
  assert.equal((await up.call('/v2/models/echo/versions/1/ready')).status, 200);
  assert.equal((await up.call('/v2/models/nope/ready')).status, 400);
});

test('metadata, config and statistics answer JSON, with and without a version', async () => {
  await using served = await serve();
  assert.deepEqual(JSON.parse((await served.call('/v2')).text), {
    name: 'headway',
    version: '0.0.0',
    extensions: ['statistics'],
  });
  for (const prefix of ['/v2/models/echo', '/v2/models/echo/versions/1']) {
    const metadata = await served.call(prefix);
    assert.equal(metadata.headers.get('content-type'), 'application/json');
    const spec = { name: 'x', datatype: 'FP32', shape: [-1, -1] };
    assert.deepEqual(JSON.parse(metadata.text), {
      name: 'echo',
      versions: ['1'],
      platform: 'fake',
      inputs: [spec],
      outputs: [spec],
    });
    const config = JSON.parse((await served.call(`${prefix}/config`)).text) as object;
    assert.deepEqual(config, { name: 'echo', max_batch_size: 8 });
  }
  for (const path of [
    '/v2/models/stats',
    '/v2/models/echo/stats',
    '/v2/models/echo/versions/1/stats',
  ]) {
    const { model_stats: stats } = JSON.parse((await served.call(path)).text) as {
      model_stats: { name: string; version: string; inference_stats: Record<string, object> }[];
    };
    assert.deepEqual([stats[0]?.name, stats[0]?.version], ['echo', '1']);
    assert.deepEqual(stats[0]?.inference_stats['success'], { count: 2, ns: 1_500_000 });
  }
});

test('errors have the form and the texts of the protocol', async () => {
  await using served = await serve();
  const unknown = await served.call('/v2/models/nope');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.text, `{"error":"Request for unknown model: 'nope' is not found"}`);
  const nothing = await served.call('/v3');
  assert.deepEqual([nothing.status, nothing.text], [404, '{"error":"Not Found"}']);
  const wrong = await served.call(infer);
  assert.deepEqual([wrong.status, wrong.text], [405, '{"error":"Method Not Allowed"}']);
  assert.equal(wrong.headers.get('allow'), 'POST');
  for (const path of [
    '/v2/models/echo/versions/x/infer',
    '/v2/models/echo/generate',
    '/v2/models/echo/versions/1/trace/setting',
  ]) {
    assert.equal((await served.call(path, post('{}'))).status, 404);
  }
  assert.equal((await served.call('/v2/repository/index')).status, 405);
});

test('HEAD answers as GET, without the body', async () => {
  await using served = await serve();
  const answer = await served.call('/v2', { method: 'HEAD' });
  assert.deepEqual([answer.status, answer.text], [200, '']);
  assert.equal(answer.headers.get('content-length'), '64');
});

test('the repository is listed, loaded and unloaded', async () => {
  await using served = await serve();
  const all = await served.call('/v2/repository/index', { method: 'POST' });
  assert.deepEqual(JSON.parse(all.text), [
    { name: 'echo', version: '1', state: 'READY', reason: '' },
    { name: 'idle' },
  ]);
  const ready = await served.call('/v2/repository/index', post('{"ready":true}'));
  assert.equal((JSON.parse(ready.text) as unknown[]).length, 1);

  const config = '{"max_batch_size":4}';
  const parameters = { config, 'file:1/model.onnx': Buffer.from([0, 255]).toString('base64') };
  const load = await served.call(
    '/v2/repository/models/a%20b/load',
    post(JSON.stringify({ parameters })),
  );
  assert.deepEqual([load.status, load.text], [200, '']);
  await served.call('/v2/repository/models/c/load', { method: 'POST' });
  assert.deepEqual(
    served.fake.loads.map(({ name, overrides }) => [name, overrides?.configJson]),
    [
      ['a b', config],
      ['c', undefined],
    ],
  );
  assert.deepEqual(
    [...(served.fake.loads[0]?.overrides?.files.get('1/model.onnx') ?? [])],
    [0, 255],
  );
  const unload = post('{"parameters":{"unload_dependents":true}}');
  assert.equal((await served.call('/v2/repository/models/c/unload', unload)).status, 200);
  assert.deepEqual(served.fake.unloads, ['c']);
});

test('repository requests that cannot be right are refused', async () => {
  await using served = await serve();
  const cases: readonly (readonly [string, string, number, RegExp])[] = [
    ['models/a/load', '{"parameters":{"file:1/m":"AA=="}}', 400, /needs the parameter 'config'/],
    ['models/a/load', '{"parameters":{"config":"{}","file:1/m":"A!"}}', 400, /is not valid base64/],
    ['models/a/load', '{"parameters":{"conf":"{}"}}', 400, /'conf' is not known/],
    ['models/a/load', '{"parameters":{"config":{}}}', 400, /must be a string/],
    ['models/a/load', '{"parameters":{"config":"{}","config":"{}"}}', 400, /a second time/],
    ['models/a/unload', '{"parameters":{"x":1}}', 400, /'x' is not known/],
    ['models/a/unload', '[]', 400, /must be an object/],
    ['index', '{"ready":1}', 400, /'ready' must be true or false/],
    ['named/index', '', 501, /named repository \('named'\) is not supported/],
    ['named/models/a/load', '', 501, /not supported/],
    ['named/models/a/unload', '', 501, /not supported/],
  ];
  for (const [path, body, status, message] of cases) {
    const answer = await served.call(`/v2/repository/${path}`, post(body));
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, message);
  }
  assert.deepEqual([served.fake.loads, served.fake.unloads], [[], []]);
});

test('infer answers JSON with JSON', async () => {
  await using served = await serve();
  const answer = await served.call(infer, post(jsonBody));
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('inference-header-content-length'), null);
  assert.deepEqual(JSON.parse(answer.text), {
    id: 'a',
    model_name: 'echo',
    model_version: '1',
    outputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1.5, -2] }],
  });
});

test('infer answers binary data with binary data', async () => {
  await using served = await serve();
  const answer = await served.call(
    '/v2/models/echo/versions/1/infer',
    post(binaryBody, binaryHeaders),
  );
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
  const length = Number(answer.headers.get('inference-header-content-length'));
  assert.deepEqual(JSON.parse(answer.bytes.subarray(0, length).toString()), {
    model_name: 'echo',
    model_version: '1',
    outputs: [{ name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }],
  });
  assert.deepEqual(answer.bytes.subarray(length), floatBytes);
  assert.equal(served.fake.requests[0]?.modelVersion, '1');
});

test('infer carries large binary tensors, and text beyond ASCII beside binary data', async () => {
  await using served = await serve();
  const data = Buffer.alloc(400_000, 'some bytes');
  const send = async (name: string, bytes: Buffer): Promise<void> => {
    const head = Buffer.from(
      JSON.stringify({
        inputs: [
          {
            name,
            datatype: 'UINT8',
            shape: [bytes.byteLength],
            parameters: { binary_data_size: bytes.byteLength },
          },
        ],
        parameters: { binary_data_output: true },
      }),
    );
    const headers = { 'inference-header-content-length': String(head.byteLength) };
    const answer = await served.call(infer, post(Buffer.concat([head, bytes]), headers));
    const length = Number(answer.headers.get('inference-header-content-length'));
    assert.match(answer.bytes.subarray(0, length).toString(), new RegExp(name));
    assert.deepEqual(answer.bytes.subarray(length), bytes);
  };
  await send('large', data);
  await send('h\u00e9\u{1f600}', data.subarray(0, 100));
});

test('infer puts the binary part on a multiple of 64 bytes', async () => {
  await using served = await serve();
  await served.call(infer, post(binaryBody, binaryHeaders));
  const zipped = { ...binaryHeaders, 'content-encoding': 'gzip' };
  await served.call(infer, post(gzipSync(binaryBody), zipped));
  for (const { inputs } of served.fake.requests) {
    assert.equal((inputs.get('x')?.data.byteOffset ?? 1) % 64, 0);
  }
});

test('infer reads chunked bodies', async () => {
  await using served = await serve();
  const pieces = [binaryBody.subarray(0, 5), binaryBody.subarray(5, 100), binaryBody.subarray(100)];
  const body = ReadableStream.from(pieces);
  const init = { ...post(body, binaryHeaders), duplex: 'half' } as const;
  assert.equal((await served.call(infer, init)).status, 200);
});

test('infer takes a raw request', async () => {
  await using served = await serve();
  const raw = { 'inference-header-content-length': '0' };
  const answer = await served.call(infer, post(floatBytes, raw));
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(served.fake.requests[0]?.inputs.get('x')?.shape, [1, 2]);
  const length = Number(answer.headers.get('inference-header-content-length'));
  assert.deepEqual(answer.bytes.subarray(length), floatBytes);
  assert.equal((await served.call('/v2/models/nope/infer', post(floatBytes, raw))).status, 404);
});

test('infer reads and writes gzip and deflate', async () => {
  await using served = await serve();
  const codings = [
    ['gzip', gzipSync, gunzipSync],
    ['deflate', deflateSync, inflateSync],
  ] as const;
  for (const [coding, pack, unpack] of codings) {
    const request = post(pack(binaryBody), { ...binaryHeaders, 'content-encoding': coding });
    assert.equal((await served.call(infer, request)).status, 200);
    using raw = await openRaw(served.port);
    raw.write(
      `POST ${infer} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${coding}\r\nConnection: close\r\nContent-Length: ${jsonBody.length}\r\n\r\n${jsonBody}`,
    );
    const answer = Buffer.from(await raw.closed(), 'latin1');
    const bodyStart = answer.indexOf('\r\n\r\n') + 4;
    assert.match(
      answer.subarray(0, bodyStart).toString(),
      new RegExp(`Content-Encoding: ${coding}\r`),
    );
    assert.match(unpack(answer.subarray(bodyStart)).toString(), /"data":\[1.5,-2\]/);
  }
});

test('infer refuses other encodings and says which it knows', async () => {
  await using served = await serve();
  const answer = await served.call(infer, post(jsonBody, { 'content-encoding': 'br' }));
  assert.equal(answer.status, 501);
  assert.equal(answer.headers.get('accept-encoding'), 'gzip, deflate');
  assert.match(answer.text, /Content-Encoding 'br' is not supported/);
});

test('infer refuses header lengths and deadlines that are no numbers or too large', async () => {
  await using served = await serve();
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['inference-header-content-length', '1000', /is 1000, more than the 80 bytes of the body/],
    ['inference-header-content-length', '-1', /no whole number/],
    ['inference-header-content-length', '1.5', /no whole number/],
    ['inference-header-content-length', '', /no whole number/],
    ['inference-header-content-length', '99999999999999999999', /no whole number/],
    ['headway-deadline-ms', '0', /no number above 0/],
    ['headway-deadline-ms', '-5', /no number above 0/],
    ['headway-deadline-ms', 'soon', /no number above 0/],
  ];
  for (const [name, value, message] of cases) {
    const answer = await served.call(infer, post(jsonBody, { [name]: value }));
    assert.equal(answer.status, 400, value);
    assert.match(answer.text, message);
  }
});

test('infer refuses bodies beyond the limit, declared, chunked or decompressed', async () => {
  await using served = await serve({}, { limits: { maxBodyBytes: 1000 } });
  const large = Buffer.alloc(1500, 0x20);
  const chunked = { ...post(ReadableStream.from([large])), duplex: 'half' } as const;
  const zipped = post(gzipSync(Buffer.alloc(5000)), { 'content-encoding': 'gzip' });
  for (const request of [post(large), chunked, zipped]) {
    const answer = await served.call(infer, request);
    assert.equal(answer.status, 400);
    assert.match(answer.text, /exceeds the maximum allowed (?:value|input size) of 1000 bytes/);
  }
  assert.equal((await served.call(infer, post(jsonBody))).status, 200);
});

test('infer refuses a body for which no memory is left, and gives memory back', async () => {
  await using served = await serve({}, { limits: { maxBodyBytes: 100, maxBufferedBytes: 150 } });
  using first = await openRaw(served.port);
  const head = `POST ${infer} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 80\r\n\r\n`;
  first.write(head + jsonBody.slice(0, 10));
  using second = await openRaw(served.port);
  // The second is refused once the first is under way, whichever the server happens to see first.
  second.write(head + jsonBody.slice(0, 10));
  const refused = await Promise.race([first.closed(), second.closed()]);
  assert.match(refused, /^HTTP\/1.1 503 [^]*Retry-After: 1\r[^]*too many request bodies/);
  const other = first.socket.closed ? second : first;
  other.write(jsonBody.slice(10));
  assert.match(await other.closed(), /^HTTP\/1.1 200/);
  for (let count = 0; count < 5; count += 1) {
    assert.equal((await served.call(infer, post(jsonBody))).status, 200);
  }
});

test('infer passes deadline, parameters and outputs on', async () => {
  await using served = await serve();
  const body = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'INT8', shape: [1], data: [1] }],
    outputs: [{ name: 'x', parameters: { classification: 2 } }],
    parameters: { priority: 3, timeout: 7, own: 'a' },
  });
  const answer = await served.call(infer, post(body, { 'headway-deadline-ms': '250' }));
  assert.match(
    answer.text,
    /"datatype":"BYTES","shape":\[2\],"data":\["0.500000:0","0.500000:1"\]/,
  );
  const [request] = served.fake.requests;
  assert.ok(request !== undefined);
  assert.deepEqual(
    [request.priority, request.timeoutMicroseconds, { ...request.parameters }],
    [3, 7, { own: 'a' }],
  );
  assert.deepEqual(request.outputs, [{ name: 'x', classificationCount: 2 }]);
  const { deadlineMs = 0, receivedMs } = request;
  assert.ok(deadlineMs > receivedMs - 250 && deadlineMs <= receivedMs + 250);
});

test('infer tells the stage timings only when asked', async () => {
  await using served = await serve();
  const silent = await served.call(infer, post(jsonBody));
  assert.equal(silent.headers.get('server-timing'), null);
  const told = await served.call(infer, post(jsonBody, { 'headway-timings': '1' }));
  assert.match(told.headers.get('server-timing') ?? '', /^read;dur=.*execute;dur=2.000/);
});

test('refusals carry their status and Retry-After in whole seconds', async () => {
  const cases = [
    ['resource_exhausted', 200, 429, '1'],
    ['unavailable', 2100, 503, '3'],
    ['deadline_exceeded', undefined, 504, null],
  ] as const;
  for (const [code, retryAfterMs, status, retryAfter] of cases) {
    const options = retryAfterMs === undefined ? {} : { retryAfterMs };
    await using served = await serve({
      infer: () => Promise.reject(new HeadwayError(code, 'Exceeds maximum queue size', options)),
    });
    const answer = await served.call(infer, post(jsonBody));
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [status, retryAfter]);
    assert.equal(answer.text, '{"error":"Exceeds maximum queue size"}');
  }
});

test('an unforeseen failure tells the client nothing and the log everything', async () => {
  const logged: unknown[] = [];
  const quiet = (): void => {};
  const logger = {
    error: (...line: unknown[]) => logged.push(line),
    warning: quiet,
    info: quiet,
    verbose: quiet,
  };
  const failure = new Error('secret /path');
  await using served = await serve({ infer: () => Promise.reject(failure) }, { logger });
  const answer = await served.call(infer, post(jsonBody));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret/);
  assert.equal(logged.length, 1);
});

test('a client that goes away aborts its request and leaves others alone', async () => {
  const started = Promise.withResolvers<AbortSignal>();
  await using served = await serve({
    infer: ({ signal }) => {
      assert.ok(signal !== undefined);
      started.resolve(signal);
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    },
  });
  using raw = await openRaw(served.port);
  raw.write(`POST ${infer} HTTP/1.1\r\nHost: x\r\nContent-Length: 80\r\n\r\n${jsonBody}`);
  const signal = await started.promise;
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  raw.socket.destroy();
  await aborted;
  assert.equal((signal.reason as HeadwayError).code, 'cancelled');
  assert.equal((await served.call('/v2/health/live')).status, 200);
});

test('keys open planes; health needs none and unknown paths tell nothing', async () => {
  const authorize = createKeyAuthorizer([
    { sha256: hashApiKey('user'), planes: ['inference', 'observability'] },
    { sha256: hashApiKey('owner'), planes: ['inference', 'observability', 'admin'] },
  ]);
  await using served = await serve({}, { authorize });
  const status = async (path: string, method: string, key?: string): Promise<number> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await served.call(path, { method, headers })).status;
  };
  assert.equal(await status('/v2/health/live', 'GET'), 200);
  assert.equal(await status('/v2/health/ready', 'GET'), 200);
  for (const path of [
    '/v2',
    '/v2/models/echo',
    '/v2/models/stats',
    '/nothing',
    '/v2/models/echo/infer',
  ]) {
    assert.equal(await status(path, 'GET'), 401, path);
  }
  assert.equal(await status('/v2', 'GET', 'user'), 200);
  assert.equal(await status('/v2', 'GET', 'guess'), 401);
  assert.equal(await status('/nothing', 'GET', 'user'), 404);
  assert.equal(await status('/v2/repository/models/a/load', 'POST', 'user'), 403);
  assert.equal(await status('/v2/repository/models/a/load', 'POST', 'owner'), 200);
  assert.equal(await status('/v2/repository/x/models/a/load', 'POST'), 401);
});

test('pages of other sites may not load models', async () => {
  await using served = await serve();
  const path = '/v2/repository/models/a/load';
  const from = async (origin: string): Promise<number> => {
    using raw = await openRaw(served.port);
    raw.write(
      `POST ${path} HTTP/1.1\r\nHost: here:1\r\nOrigin: ${origin}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    return Number((await raw.closed()).split(' ')[1]);
  };
  assert.equal(await from('http://evil.example'), 403);
  assert.equal(await from('null'), 403);
  assert.equal(await from('http://here:1'), 200);
  assert.equal(served.fake.loads.length, 1);
});
