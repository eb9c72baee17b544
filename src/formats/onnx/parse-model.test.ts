import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HeadwayError } from '../../core/error.ts';
import { addModel, rowSumModel } from '../../testing/models/small-models.ts';
import { WireWriter } from '../protobuf/writer.ts';
import { onnxDataTypes } from './data-type.ts';
import { encodeOnnxModel } from './encode-model.ts';
import { attributeFields, graphFields, modelFields, nodeFields, tensorFields } from './fields.ts';
import type {
  OnnxAttribute,
  OnnxAttributeValue,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxTensorData,
  OnnxType,
  OnnxValue,
} from './model.ts';
import { parseOnnxModel } from './parse-model.ts';

function encode(model: OnnxModel): Buffer {
  return Buffer.concat(encodeOnnxModel(model));
}

/** A model file with one initializer, whose fields `write` writes. */
function fileWithTensor(write: (tensor: WireWriter) => void): Uint8Array {
  const writer = new WireWriter();
  writer.int64(modelFields.irVersion, 9);
  writer.message(modelFields.graph, (graph) => graph.message(graphFields.initializer, write));
  return Buffer.concat(writer.finish());
}

function onlyTensor(write: (tensor: WireWriter) => void): OnnxTensor {
  const [tensor] = parseOnnxModel(fileWithTensor(write)).graph.initializers;
  assert.ok(tensor);
  return tensor;
}

function bytesOf(tensor: OnnxTensor): number[] {
  assert.ok(tensor.data.kind === 'bytes');
  return [...tensor.data.bytes];
}

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const name = fc.string({ maxLength: 6 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((value) => Buffer.from(value));
const count = fc.nat({ max: 2 ** 40 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const unknownFields = fc.constantFrom([], [Buffer.from([0xfa, 0x7f, 2, 1, 2])]);
const property = record({ key: name, value: name });
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(arbitrary, { maxLength: 3 });

const tensor = record<OnnxTensor>({
  name,
  dataType: fc.constantFrom(...Object.values(onnxDataTypes)),
  dims: few(count),
  data: fc.oneof(
    record<OnnxTensorData>({ kind: fc.constant('bytes'), bytes }),
    record<OnnxTensorData>({
      kind: fc.constant('strings'),
      values: fc.array(bytes, { minLength: 1, maxLength: 3 }),
    }),
    record<OnnxTensorData>({ kind: fc.constant('external'), properties: few(property) }),
  ),
  unknownFields,
});

const type = fc.oneof(
  record<OnnxType>({
    kind: fc.constant('tensor'),
    dataType: fc.nat({ max: 30 }),
    shape: fc.option(
      few(fc.oneof(count, fc.string({ minLength: 1, maxLength: 5 }), fc.constant(undefined))),
      { nil: undefined },
    ),
  }),
  fc.constantFrom<OnnxType>(
    { kind: 'other', encoded: Buffer.from([0x22, 0]) },
    { kind: 'other', encoded: new Uint8Array(0) },
  ),
);

const value = record<OnnxValue>({ name, type, unknownFields });

const { graph } = fc.letrec<{
  graph: OnnxGraph;
  node: OnnxNode;
  attribute: OnnxAttribute;
  value: OnnxAttributeValue;
}>((tie) => {
  const kinds: Record<string, fc.Arbitrary<unknown>> = {
    float: fc.float({ noNaN: true }),
    int: int64,
    string: bytes,
    tensor,
    graph: tie('graph'),
  };
  const single = Object.entries(kinds).map(([kind, element]) =>
    record({ kind: fc.constant(kind), value: element }),
  );
  const lists = Object.entries(kinds).map(([kind, element]) =>
    record({ kind: fc.constant(`${kind}s`), values: few(element) }),
  );
  return {
    value: fc.oneof({ depthSize: 'small' }, ...single, ...lists) as never,
    attribute: record<OnnxAttribute>({ name, value: tie('value'), unknownFields }),
    node: record<OnnxNode>({
      name,
      operator: name,
      domain: name,
      inputs: few(name),
      outputs: few(name),
      attributes: few(tie('attribute')),
      unknownFields,
    }),
    graph: record<OnnxGraph>({
      name,
      nodes: fc.oneof({ depthSize: 'small' }, fc.constant([]), few(tie('node'))),
      initializers: few(tensor),
      inputs: few(value),
      outputs: few(value),
      valueInfo: few(value),
      unknownFields,
    }),
  };
});

const model = record<OnnxModel>({
  irVersion: fc.integer({ min: 1, max: 20 }),
  opsetImports: few(record({ domain: name, version: fc.nat() })),
  producerName: name,
  metadata: few(property),
  graph,
  unknownFields,
});

/** Views as plain arrays, since equality of models must not ask which buffer they are in. */
function plain(value_: unknown): unknown {
  if (value_ instanceof Uint8Array) return [...value_];
  if (Array.isArray(value_)) return value_.map(plain);
  if (typeof value_ !== 'object' || value_ === null) return value_;
  return Object.fromEntries(Object.entries(value_).map(([key, inner]) => [key, plain(inner)]));
}

test('parseOnnxModel() reads back what encodeOnnxModel() writes', () => {
  fc.assert(
    fc.property(model, (expected) => {
      assert.deepEqual(plain(parseOnnxModel(encode(expected))), plain(expected));
    }),
  );
});

test('parseOnnxModel() throws nothing but HeadwayError for broken bytes', () => {
  const broken = fc.tuple(model, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }))), fc.nat());
  fc.assert(
    fc.property(broken, ([original, changes, cut]) => {
      const file = encode(original);
      for (const [position, byte] of changes) file[position % file.byteLength] = byte;
      try {
        parseOnnxModel(file.subarray(0, cut % 3 === 0 ? cut % file.byteLength : undefined));
      } catch (error) {
        assert.ok(error instanceof HeadwayError, String(error));
        assert.equal(error.code, 'invalid_argument');
      }
    }),
    { numRuns: 200 },
  );
});

test('parseOnnxModel() refuses every truncation of a model', () => {
  const file = encode(rowSumModel());
  for (let length = 0; length < file.byteLength; length += 1) {
    try {
      const { graph: cut } = parseOnnxModel(file.subarray(0, length));
      // Only the fields after the graph can be lost without a trace.
      assert.equal(cut.outputs.length, 1);
    } catch (error) {
      assert.ok(error instanceof HeadwayError, `at ${length}: ${String(error)}`);
    }
  }
});

test('parseOnnxModel() keeps weights as views into the file', () => {
  const weights = new Uint8Array(100_000).fill(3);
  const file = fileWithTensor((writer) => {
    writer.int64(tensorFields.dataType, onnxDataTypes.uint8);
    writer.bytes(tensorFields.rawData, weights);
  });
  const [parsed] = parseOnnxModel(file).graph.initializers;
  assert.ok(parsed?.data.kind === 'bytes');
  assert.equal(parsed.data.bytes.buffer, file.buffer);
  assert.equal(parsed.data.bytes.byteLength, 100_000);
});

test('parseOnnxModel() reads elements from every field that may hold them', () => {
  const { int8, uint16, float16, int32, int64: long, uint32, float, double } = onnxDataTypes;
  const integers = [
    [int8, tensorFields.int32Data, [1, -2], [1, 254]],
    [uint16, tensorFields.int32Data, [513], [1, 2]],
    [float16, tensorFields.int32Data, [15360], [0, 60]],
    [int32, tensorFields.int32Data, [-1], [255, 255, 255, 255]],
    [long, tensorFields.int64Data, [-2], [254, 255, 255, 255, 255, 255, 255, 255]],
    [uint32, tensorFields.uint64Data, [2 ** 32 - 1], [255, 255, 255, 255]],
  ] as const;
  for (const [dataType, field, values, expected] of integers) {
    const parsed = onlyTensor((writer) => {
      writer.packedInt64(field, values);
      // Written after the elements, whose width it decides.
      writer.int64(tensorFields.dataType, dataType);
    });
    assert.deepEqual(bytesOf(parsed), expected);
  }
  const many = Array.from({ length: 1000 }, (_, index) => index);
  const wide = onlyTensor((writer) => {
    writer.int64(tensorFields.dataType, long);
    writer.packedInt64(tensorFields.int64Data, many);
  });
  const wideBytes = Uint8Array.from(bytesOf(wide));
  assert.deepEqual([...new BigInt64Array(wideBytes.buffer)].map(Number), many);
  const floats = onlyTensor((writer) => {
    writer.int64(tensorFields.dataType, float);
    writer.float(tensorFields.floatData, 1);
    writer.bytes(tensorFields.floatData, new Uint8Array(new Float32Array([2, 3]).buffer));
  });
  const floatBytes = Uint8Array.from(bytesOf(floats));
  assert.deepEqual([...new Float32Array(floatBytes.buffer)], [1, 2, 3]);
  const doubles = onlyTensor((writer) => {
    writer.int64(tensorFields.dataType, double);
    writer.bytes(tensorFields.doubleData, new Uint8Array(new Float64Array([2]).buffer));
  });
  assert.equal(bytesOf(doubles).length, 8);
});

test('parseOnnxModel() keeps functions and other fields it has no place for', () => {
  const extra = new WireWriter();
  extra.message(modelFields.functions, (inner) => inner.text(1, 'gelu'));
  const file = Buffer.concat([encode(addModel()), ...extra.finish()]);
  const again = encode(parseOnnxModel(file));
  assert.ok(again.includes('gelu'));
});

function nestedGraphs(depth: number): Uint8Array {
  const write = (writer: WireWriter, left: number): void => {
    if (left === 0) return;
    writer.message(graphFields.node, (node) =>
      node.message(nodeFields.attribute, (attribute) => {
        attribute.message(attributeFields.graph, (inner) => write(inner, left - 1));
        attribute.int64(attributeFields.type, 5);
      }),
    );
  };
  const writer = new WireWriter();
  writer.int64(modelFields.irVersion, 9);
  writer.message(modelFields.graph, (inner) => write(inner, depth));
  return Buffer.concat(writer.finish());
}

test('parseOnnxModel() bounds nesting and the number of parts', () => {
  parseOnnxModel(nestedGraphs(32));
  assert.throws(() => parseOnnxModel(nestedGraphs(33)), /nested deeper than 32/);
  assert.throws(() => parseOnnxModel(nestedGraphs(200)), /nested deeper than 32/);
  const emptyInputs = Buffer.alloc(2 * 8_000_001);
  for (let offset = 0; offset < emptyInputs.byteLength; offset += 2) emptyInputs[offset] = 0x0a;
  const writer = new WireWriter();
  writer.int64(modelFields.irVersion, 9);
  writer.message(modelFields.graph, (inner) => inner.bytes(graphFields.node, emptyInputs));
  const file = Buffer.concat(writer.finish());
  assert.throws(() => parseOnnxModel(file), /too many parts: only 1000000 are read/);
});

test('parseOnnxModel() says what is no ONNX model', () => {
  const inconsistent: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /no ONNX model/],
    [Buffer.from('<html>not a model</html>'), /Malformed protobuf|no ONNX model/],
    [
      fileWithTensor((writer) => {
        writer.bytes(tensorFields.rawData, new Uint8Array(4));
        writer.bytes(tensorFields.floatData, new Uint8Array(4));
      }),
      /the elements are in field 9 already/,
    ],
    [fileWithTensor((writer) => writer.int64(tensorFields.dims, -1)), /dimension -1/],
    [
      fileWithTensor((writer) => {
        writer.int64(tensorFields.dataType, onnxDataTypes.complex128);
        writer.packedInt64(tensorFields.int64Data, [1]);
      }),
      /elements of type 15 cannot be integers/,
    ],
  ];
  for (const [file, message] of inconsistent) {
    assert.throws(() => parseOnnxModel(file), message);
  }
});
