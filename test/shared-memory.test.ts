import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datatypeBytes, datatypes } from '../src/core/datatype.ts';
import { encodeBytesElements } from '../src/core/tensor.ts';
import { addModel, identityModel } from '../src/testing/models/small-models.ts';
import { type SharedObject, createSharedObject } from '../src/testing/shared-object.ts';
import { blockingModel, slowRows } from './support/models.ts';
import { type TestServer, serve, until } from './support/serve.ts';

const skip = process.platform === 'linux' ? false : 'objects are made as files of Linux';
const allowed = { allowClientSharedMemory: true };

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

async function call(served: TestServer, path: string, body?: unknown): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST';
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const answer = await fetch(`${served.url}/v2/${path}`, init);
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
}

async function register(served: TestServer, name: string, object: SharedObject, byteSize: number) {
  const body = { key: object.key, offset: 0, byte_size: byteSize };
  const answer = await call(served, `systemsharedmemory/region/${name}/register`, body);
  assert.deepEqual(answer, { status: 200, json: undefined });
}

/** The parameters of a tensor in a region. */
function place(name: string, byteSize: number, offset = 0) {
  const at = { shared_memory_region: name, shared_memory_byte_size: byteSize };
  return { parameters: offset === 0 ? at : { ...at, shared_memory_offset: offset } };
}

async function regionNames(served: TestServer): Promise<string[]> {
  const { json } = await call(served, 'systemsharedmemory/status');
  return (json as { name: string }[]).map(({ name }) => name);
}

test('tensors of every datatype pass through shared memory as they are', { skip }, async () => {
  const files = datatypes.map((type) => [
    `m_${type}/1/model.onnx`,
    identityModel(type, [-1, 'count']),
  ]);
  await using served = await serve(Object.fromEntries(files), allowed);
  using object = createSharedObject(4096);
  await register(served, 'r', object, 4096);
  for (const datatype of datatypes) {
    const elementBytes = datatypeBytes[datatype];
    const data =
      elementBytes === undefined
        ? encodeBytesElements(['', 'ä', 'b\0c', 'd'.repeat(40)].map((text) => Buffer.from(text)))
        : Buffer.from(Array.from({ length: 4 * elementBytes }, (_, index) => index % 2));
    object.write(64, data);
    object.write(2048, new Uint8Array(data.byteLength));
    const input = { name: 'input', datatype, shape: [2, 2], ...place('r', data.byteLength, 64) };
    const outputs = [{ name: 'output', ...place('r', 1024, 2048) }];
    const answer = await call(served, `models/m_${datatype}/infer`, { inputs: [input], outputs });
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    const [output] = (answer.json as { outputs: unknown[] }).outputs;
    const written = place('r', data.byteLength, 2048);
    assert.deepEqual(output, { name: 'output', datatype, shape: [2, 2], ...written });
    assert.deepEqual(object.read(2048, data.byteLength), Buffer.from(data), datatype);
  }
});

test('large tensors run in shared memory, beside others in the message', { skip }, async () => {
  const elements = 50_000;
  await using served = await serve({ 'add/1/model.onnx': addModel({ elements }) }, allowed);
  const bytes = elements * 4;
  using object = createSharedObject(2 * bytes);
  object.write(0, new Uint8Array(new Float32Array(elements).fill(1.5).buffer));
  await register(served, 'r', object, 2 * bytes);
  const shape = [1, elements];
  const a = { name: 'a', datatype: 'FP32', shape, ...place('r', bytes) };
  const b = { name: 'b', datatype: 'FP32', shape, data: Array.from({ length: elements }, () => 2) };
  const outputs = [{ name: 'sum', ...place('r', bytes, bytes) }];
  const answer = await call(served, 'models/add/infer', { inputs: [a, b], outputs });
  assert.equal(answer.status, 200);
  const sum = new Float32Array(new Uint8Array(object.read(bytes, bytes)).buffer);
  assert.ok(sum.every((value) => value === 3.5));
});

test('an answer in the message may be a copy of shared memory', { skip }, async () => {
  await using served = await serve({ 'id/1/model.onnx': identityModel('INT32', [-1, 2]) }, allowed);
  using object = createSharedObject(8);
  object.write(0, new Uint8Array(Int32Array.of(7, -8).buffer));
  await register(served, 'r', object, 8);
  const input = { name: 'input', datatype: 'INT32', shape: [1, 2], ...place('r', 8) };
  const { json } = await call(served, 'models/id/infer', { inputs: [input] });
  assert.deepEqual((json as { outputs: { data: number[] }[] }).outputs[0]?.data, [7, -8]);
});

test('what does not fit is refused, and nothing beside it is written', { skip }, async () => {
  await using served = await serve({ 'id/1/model.onnx': identityModel('FP32', [-1, 4]) }, allowed);
  using object = createSharedObject(64);
  await register(served, 'r', object, 32);
  const infer = (input: object, output: object) =>
    call(served, 'models/id/infer', {
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 4], ...input }],
      outputs: [{ name: 'output', ...output }],
    });
  const cases = [
    [place('r', 16), place('r', 15, 16), 500, /should be at least 16 bytes to hold the results/],
    [place('r', 12), place('r', 16, 16), 400, /byte size mismatch.*Expected 16, got 12/],
    [place('r', 16), place('r', 17, 16), 400, /Invalid offset \+ byte size/],
    [place('r', 16, 32), place('r', 16), 400, /Invalid offset for/],
    [place('q', 16), place('r', 16), 404, /Unable to find shared memory region: 'q'/],
  ] as const;
  for (const [input, output, status, message] of cases) {
    const answer = await infer(input, output);
    assert.equal(answer.status, status);
    assert.match((answer.json as { error: string }).error, message);
  }
  assert.deepEqual(object.read(0, 64), Buffer.alloc(64));
  object.truncate(8);
  const answer = await infer(place('r', 16), place('r', 16, 16));
  assert.match((answer.json as { error: string }).error, /was made smaller/);
});

test('a region unregistered in use goes with the request that uses it', { skip }, async () => {
  const files = {
    'slow/1/model.onnx': blockingModel(),
    'slow/config.pbtxt': 'max_batch_size: 0\ninstance_group [{ count: 1 }]\n',
  };
  await using served = await serve(files, allowed);
  const slow = slowRows(20_000);
  const bytes = Buffer.from((slow.data as Float32Array).buffer);
  using object = createSharedObject(bytes.byteLength);
  object.write(0, bytes);
  await register(served, 'r', object, bytes.byteLength);
  const { name, datatype, shape } = slow;
  const inputs = [{ name, datatype, shape, ...place('r', bytes.byteLength) }];
  const gone = new AbortController();
  const answer = fetch(`${served.url}/v2/models/slow/infer`, {
    method: 'POST',
    body: JSON.stringify({
      inputs,
      outputs: [{ name: 'output', ...place('r', bytes.byteLength) }],
    }),
    signal: gone.signal,
  }).catch(() => {});
  const labels = { model: 'slow' };
  await until(async () => (await served.metric('headway_in_flight_requests', labels)) === 1);
  await until(async () => (await served.metric('headway_queue_depth', labels)) === 0);
  assert.equal((await call(served, 'systemsharedmemory/unregister', {})).status, 200);
  assert.deepEqual(await regionNames(served), ['r']);
  gone.abort();
  await answer;
  await until(async () => (await regionNames(served)).length === 0);
});

test('shared memory is refused unless it is allowed', async () => {
  await using served = await serve({ 'id/1/model.onnx': identityModel('FP32', [-1, 4]) });
  const error =
    "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.";
  const body = { key: '/k', offset: 0, byte_size: 8 };
  for (const kind of ['system', 'cuda']) {
    const path = `${kind}sharedmemory`;
    assert.deepEqual(await call(served, `${path}/status`), { status: 200, json: [] });
    for (const action of ['region/r/register', 'region/r/unregister', 'unregister']) {
      const answer = await call(served, `${path}/${action}`, body);
      assert.deepEqual(answer, { status: 501, json: { error } }, action);
    }
  }
  const { json } = await call(served, '');
  assert.ok(!(json as { extensions: string[] }).extensions.includes('system_shared_memory'));
});

test('requests to register are checked', { skip }, async () => {
  await using served = await serve({ 'id/1/model.onnx': identityModel('FP32', [-1, 4]) }, allowed);
  const path = 'systemsharedmemory/region/r/register';
  const cases = [
    [{ offset: 0, byte_size: 8 }, 400, "Shared memory register request has no 'key' field"],
    [{ key: '/k' }, 400, "Shared memory register request has no 'byte_size' field"],
    [{ key: '/none', byte_size: 8 }, 500, "Unable to open shared memory region: '/none'"],
  ] as const;
  for (const [body, status, error] of cases) {
    assert.deepEqual(await call(served, path, body), { status, json: { error } });
  }
  assert.deepEqual(await call(served, 'systemsharedmemory/register', {}), {
    status: 400,
    json: { error: "'region name' is necessary to register system shared memory region" },
  });
  assert.deepEqual(await call(served, 'cudasharedmemory/region/c/register', {}), {
    status: 400,
    json: { error: "failed to register CUDA shared memory region: 'c', GPUs not supported" },
  });
  const { json } = await call(served, '');
  assert.ok((json as { extensions: string[] }).extensions.includes('system_shared_memory'));
});
