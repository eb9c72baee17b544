import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { HeadwayError } from '../../core/error.ts';
import { echoOverHttp, post } from '../../testing/echo-over-http.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { openRaw } from '../../testing/http-exchange.ts';

const infer = '/v2/models/echo/infer';
const floats = Float32Array.of(1.5, -2);
const floatBytes = Buffer.from(floats.buffer);
const jsonBody = '{"id":"a","inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1.5,-2]}]}';
const binaryHeader =
  '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}],"parameters":{"binary_data_output":true}}';
const binaryBody = Buffer.concat([Buffer.from(binaryHeader), floatBytes]);
const binaryHeaders = { 'inference-header-content-length': String(binaryHeader.length) };

test('infer answers JSON with JSON', async () => {
  await using served = await echoOverHttp();
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
  await using served = await echoOverHttp();
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
  await using served = await echoOverHttp();
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

test('infer puts the binary part of what comes in pieces on a multiple of 64 bytes', async () => {
  await using served = await echoOverHttp();
  const body = ReadableStream.from([binaryBody.subarray(0, 5), binaryBody.subarray(5)]);
  await served.call(infer, { ...post(body, binaryHeaders), duplex: 'half' });
  const zipped = { ...binaryHeaders, 'content-encoding': 'gzip' };
  await served.call(infer, post(gzipSync(binaryBody), zipped));
  for (const { inputs } of served.fake.requests) {
    assert.equal((inputs.get('x')?.data.byteOffset ?? 1) % 64, 0);
  }
});

test('infer reads chunked bodies', async () => {
  await using served = await echoOverHttp();
  const pieces = [binaryBody.subarray(0, 5), binaryBody.subarray(5, 100), binaryBody.subarray(100)];
  const body = ReadableStream.from(pieces);
  const init = { ...post(body, binaryHeaders), duplex: 'half' } as const;
  assert.equal((await served.call(infer, init)).status, 200);
});

test('infer takes a raw request', async () => {
  await using served = await echoOverHttp();
  const raw = { 'inference-header-content-length': '0' };
  const answer = await served.call(infer, post(floatBytes, raw));
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(served.fake.requests[0]?.inputs.get('x')?.shape, [1, 2]);
  const length = Number(answer.headers.get('inference-header-content-length'));
  assert.deepEqual(answer.bytes.subarray(length), floatBytes);
  assert.equal((await served.call('/v2/models/nope/infer', post(floatBytes, raw))).status, 404);
});

test('infer reads and writes gzip and deflate', async () => {
  await using served = await echoOverHttp();
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
  await using served = await echoOverHttp();
  const answer = await served.call(infer, post(jsonBody, { 'content-encoding': 'br' }));
  assert.equal(answer.status, 501);
  assert.equal(answer.headers.get('accept-encoding'), 'gzip, deflate');
  assert.match(answer.text, /Content-Encoding 'br' is not supported/);
});

test('infer refuses header lengths and deadlines that are no numbers or too large', async () => {
  await using served = await echoOverHttp();
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
  await using served = await echoOverHttp({}, { limits: { maxBodyBytes: 1000 } });
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
  await using served = await echoOverHttp(
    {},
    { limits: { maxBodyBytes: 100, maxBufferedBytes: 150 } },
  );
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

test('bodies that are announced and do not come keep no memory from others', async () => {
  const mebibyte = 1024 * 1024;
  const limits = { maxBodyBytes: mebibyte, maxBufferedBytes: 2 * mebibyte };
  await using served = await echoOverHttp({}, { limits });
  const head = `POST ${infer} HTTP/1.1\r\nHost: x\r\nContent-Length: ${mebibyte}\r\n\r\n`;
  using idle = new DisposableStack();
  for (const sent of ['', '{']) {
    for (let count = 0; count < 10; count += 1) {
      idle.use(await openRaw(served.port)).write(head + sent);
    }
  }
  assert.equal((await served.call(infer, post(jsonBody))).status, 200);
  const binary = Buffer.concat([Buffer.from(binaryHeader), floatBytes]);
  assert.equal((await served.call(infer, post(binary, binaryHeaders))).status, 200);
});

test('a body is held until its request has ended, though its client is gone', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<AbortSignal>();
  const plain = createFakeServer();
  await using served = await echoOverHttp(
    {
      async infer(request) {
        if (request.id !== 'slow') return plain.infer(request);
        begun.resolve(request.signal!);
        await held;
        return plain.infer(request);
      },
    },
    { limits: { maxBodyBytes: 5000, maxBufferedBytes: 5000 } },
  );
  using raw = await openRaw(served.port);
  const padded = (id: string): string => jsonBody.replace('"a"', `"${id}"`).padEnd(3000);
  raw.write(`POST ${infer} HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n${padded('slow')}`);
  const signal = await begun.promise;
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  raw.socket.destroy();
  await aborted;
  assert.equal((await served.call(infer, post(padded('b')))).status, 503);
  letGo();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await served.call(infer, post(padded('c')))).status, 200);
});

test('infer passes deadline, parameters and outputs on', async () => {
  await using served = await echoOverHttp();
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
  await using served = await echoOverHttp();
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
    await using served = await echoOverHttp({
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
  await using served = await echoOverHttp({ infer: () => Promise.reject(failure) }, { logger });
  const answer = await served.call(infer, post(jsonBody));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret/);
  assert.equal(logged.length, 1);
});

test('a client that goes away aborts its request and leaves others alone', async () => {
  const started = Promise.withResolvers<AbortSignal>();
  await using served = await echoOverHttp({
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
