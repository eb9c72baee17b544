import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Datatype, datatypes } from '../../../core/datatype.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { arbitraryTensor, jsonDatatypes } from '../../../testing/arbitrary-tensors.ts';
import { fakeTimings } from '../../../testing/fake-server.ts';
import { createInferDecoder } from './request.ts';
import { encodeInferRequest } from './request-write.ts';
import { encodeInferResponse } from './response.ts';
import { decodeInferResponse } from './response-read.ts';
import { jsonText, readJson } from './json.ts';

const decodeInferRequest = createInferDecoder();

const parameters = fc.dictionary(
  fc.string({ minLength: 1 }).map((name) => `p${name}`),
  fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n })),
  { maxKeys: 3 },
);
const id = fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed());

function tensorsOf(
  among: readonly Datatype[],
  text: boolean,
): fc.Arbitrary<ReadonlyMap<string, Tensor>> {
  const entry = fc.tuple(id, arbitraryTensor(among, { text }));
  return fc.array(entry, { maxLength: 4 }).map((entries) => new Map(entries));
}

function assertSameTensors(
  actual: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()]);
  for (const [name, { datatype, shape, data }] of expected) {
    const found = actual.get(name);
    assert.deepEqual([found?.datatype, found?.shape], [datatype, shape]);
    assert.deepEqual([...(found?.data ?? [])], [...data]);
  }
}

function join(parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

for (const binary of [true, false]) {
  const form = binary ? 'binary data' : 'JSON';
  const inputs = tensorsOf(binary ? datatypes : jsonDatatypes, !binary);

  test(`a request keeps its tensors, id and parameters as ${form}`, async () => {
    await fc.assert(
      fc.asyncProperty(inputs, id, parameters, async (tensors, requestId, own) => {
        const message = { id: requestId, inputs: tensors, outputs: [], parameters: own, binary };
        const encoded = encodeInferRequest(message);
        const body = join([encoded.json, ...encoded.binary]);
        const { headerLength } = encoded;
        const options = { headerLength, modelName: 'm', maxJsonTensorBytes: 1e6 };
        const { request, form: wanted } = await decodeInferRequest(body, options);
        assertSameTensors(request.inputs, tensors);
        assert.equal(request.id, requestId);
        assert.deepEqual({ ...request.parameters }, { ...own });
        assert.equal(wanted.binaryByDefault, binary);
      }),
    );
  });

  test(`an answer keeps its tensors, id and parameters as ${form}`, async () => {
    await fc.assert(
      fc.asyncProperty(inputs, id, parameters, async (outputs, answerId, own) => {
        const answer = {
          modelName: 'm"odel',
          modelVersion: '3',
          id: answerId,
          parameters: own,
          outputs,
          timings: fakeTimings,
        };
        const wanted = { binaryByDefault: binary, binaryByName: undefined };
        const { headerLength, parts } = await encodeInferResponse(answer, wanted);
        const found = decodeInferResponse(join(parts), headerLength);
        assertSameTensors(found.outputs, outputs);
        assert.deepEqual({ ...found.parameters }, { ...own });
        assert.deepEqual(
          [found.modelName, found.modelVersion, found.id],
          ['m"odel', '3', answerId],
        );
      }),
    );
  });
}

test('large JSON data is read and written in turns of the event loop, with the same result', async () => {
  const values = Float64Array.from({ length: 50_000 }, (_, index) => index / 7);
  const data = new Uint8Array(values.buffer);
  const tensors = new Map<string, Tensor>([['x', { datatype: 'FP64', shape: [50, 1000], data }]]);
  const message = { id: '', inputs: tensors, outputs: [], parameters: {}, binary: false };
  const { json } = encodeInferRequest(message);
  const options = { headerLength: undefined, modelName: 'm', maxJsonTensorBytes: 1e6 };
  const decoding = decodeInferRequest(Buffer.from(json), options);
  assert.ok(decoding instanceof Promise);
  const { request, form } = await decoding;
  assertSameTensors(request.inputs, tensors);

  const names = { modelName: 'm', modelVersion: '1', id: '', parameters: {} };
  const encoding = encodeInferResponse({ ...names, outputs: tensors, timings: fakeTimings }, form);
  assert.ok(encoding instanceof Promise);
  assertSameTensors(decodeInferResponse(join((await encoding).parts), undefined).outputs, tensors);
});

test('an answer without binary bytes is JSON alone', () => {
  const empty: Tensor = { datatype: 'FP32', shape: [0], data: new Uint8Array(0) };
  const answer = {
    modelName: 'm',
    modelVersion: '1',
    id: '',
    parameters: {},
    outputs: new Map([['y', empty]]),
    timings: fakeTimings,
  };
  const encoded = encodeInferResponse(answer, { binaryByDefault: true, binaryByName: undefined });
  assert.ok(!(encoded instanceof Promise));
  assert.equal(encoded.headerLength, undefined);
  const json = JSON.parse(join(encoded.parts).toString()) as Record<string, unknown>;
  assert.deepEqual(json, {
    model_name: 'm',
    model_version: '1',
    outputs: [{ name: 'y', datatype: 'FP32', shape: [0], parameters: { binary_data_size: 0 } }],
  });
});

test('an answer writes NaN, infinities and minus zero as tokens that readers of them know', () => {
  const data = new Uint8Array(Float32Array.of(Number.NaN, Infinity, -Infinity, -0, 0.5).buffer);
  const answer = {
    modelName: 'm',
    modelVersion: '1',
    id: 'i',
    parameters: {},
    outputs: new Map<string, Tensor>([['y', { datatype: 'FP32', shape: [5], data }]]),
    timings: fakeTimings,
  };
  const encoded = encodeInferResponse(answer, { binaryByDefault: false, binaryByName: undefined });
  assert.ok(!(encoded instanceof Promise));
  const text = join(encoded.parts).toString();
  assert.match(text, /"data":\[NaN,Infinity,-Infinity,-0.0,0.5\]/);
  assert.ok(readJson(jsonText(Buffer.from(text))) instanceof Map);
});

for (const [tensor, message] of [
  [{ datatype: 'FP16', shape: [1], data: new Uint8Array(2) }, /is FP16 and must be sent as binary/],
  [{ datatype: 'BF16', shape: [1], data: new Uint8Array(2) }, /is BF16 and must be sent as binary/],
  [{ datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 255) }, /are not UTF-8/],
] as const) {
  test(`an answer refuses to write ${tensor.datatype} that JSON cannot hold`, () => {
    const outputs = new Map<string, Tensor>([['y', tensor]]);
    const names = { modelName: 'm', modelVersion: '1', id: '', parameters: {} };
    const form = { binaryByDefault: true, binaryByName: new Map([['y', false]]) };
    assert.throws(() => encodeInferResponse({ ...names, outputs, timings: fakeTimings }, form), {
      code: 'invalid_argument',
      message,
    });
  });
}
