import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { errorCodes } from '../../../core/error.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';
import { createFrameReader, frameMessage } from './frames.ts';
import { encodeInferResponse } from './infer-response-write.ts';
import { decodeMessage, encodeMessage } from './message.ts';
import { indexAnswer, modelMetadataMessage } from './messages.ts';
import { encodeModelConfigAnswer, modelConfigAnswer } from './model-config-message.ts';
import {
  codeOfGrpcStatus,
  decodeGrpcMessage,
  encodeGrpcMessage,
  grpcStatusByCode,
} from './status.ts';
import { formatGrpcTimeout, parseGrpcTimeoutMs } from './timeout.ts';

test('encodeInferResponse() writes one raw entry for each output, even an empty one', () => {
  const answer = {
    modelName: 'echo',
    modelVersion: '1',
    id: 'abc',
    parameters: {},
    outputs: new Map([
      ['empty', { datatype: 'FP32', shape: [0], data: new Uint8Array(0) } as const],
      ['x', { datatype: 'FP32', shape: [1], data: new Uint8Array(4) } as const],
    ]),
  };
  const pieces = encodeInferResponse(answer, { outputRegions: new Map(), parameters: {} });
  const reader = new WireReader(Buffer.concat(pieces), 'ModelInferResponse');
  const raw: number[] = [];
  while (reader.nextField()) {
    if (reader.fieldNumber === 6) raw.push(reader.bytes().byteLength);
    else reader.unknown();
  }
  assert.deepEqual(raw, [0, 4]);
});

test('decodeMessage() reads back what encodeMessage() writes', () => {
  const metadata = {
    name: 'm',
    versions: ['1', '2'],
    platform: 'p',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
    outputs: [],
  };
  const bytes = encodeMessage(modelMetadataMessage, metadata);
  assert.deepEqual(decodeMessage('ModelMetadata', modelMetadataMessage, bytes), metadata);
  const index = { models: [{ name: 'm', version: '', state: '', reason: '' }] };
  assert.deepEqual(decodeMessage('Index', indexAnswer, encodeMessage(indexAnswer, index)), index);
});

test('encodeModelConfigAnswer() keeps names of enums, maps and nested messages', () => {
  const given = {
    name: 'm',
    max_batch_size: 8,
    input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [-1, 3], reshape: { shape: [3] } }],
    version_policy: { latest: { num_versions: 1 } },
    instance_group: [{ count: 2, kind: 'KIND_CPU' }],
    dynamic_batching: {
      preferred_batch_size: [4, 8],
      priority_queue_policy: { 2: { timeout_action: 'DELAY' } },
    },
    parameters: { threads: { string_value: '4' } },
    pad_value: 1,
  };
  const bytes = encodeModelConfigAnswer(given);
  const { config = {} } = decodeMessage('ModelConfigResponse', modelConfigAnswer, bytes);
  const read = JSON.parse(JSON.stringify(config)) as typeof given;
  assert.equal(read.max_batch_size, 8);
  assert.equal(read.input[0]?.data_type, 'TYPE_FP32');
  assert.deepEqual(read.input[0]?.dims, [-1, 3]);
  assert.deepEqual(read.input[0]?.reshape, { shape: [3] });
  assert.equal(read.instance_group[0]?.kind, 'KIND_CPU');
  assert.equal(read.dynamic_batching.priority_queue_policy[2].timeout_action, 'DELAY');
  assert.deepEqual(read.parameters, { threads: { string_value: '4' } });
});

test('createFrameReader() finds messages however their bytes are cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 40 }), (sent, pieceLength) => {
      const bytes = Buffer.concat(
        sent.flatMap((message) => frameMessage([message], { isCompressed: false })),
      );
      const received: number[][] = [];
      const reader = createFrameReader({
        maxBytes: 100,
        onMessage: (frame) => received.push([...frame.bytes]),
      });
      for (let start = 0; start < bytes.length; start += pieceLength) {
        reader.push(bytes.subarray(start, start + pieceLength));
      }
      assert.deepEqual(
        received,
        sent.map((message) => [...message]),
      );
      assert.ok(reader.isBetweenMessages());
    }),
  );
});

test('createFrameReader() refuses long messages before it holds them, and unknown flags', () => {
  const reader = (): ReturnType<typeof createFrameReader> =>
    createFrameReader({ maxBytes: 10, hold: () => assert.fail(), onMessage: () => assert.fail() });
  assert.throws(() => reader().push(Uint8Array.of(0, 0, 0, 0, 11)), {
    code: 'resource_exhausted',
    message: 'Received message larger than max (11 vs. 10)',
  });
  assert.throws(() => reader().push(Uint8Array.of(2, 0, 0, 0, 1)), { code: 'internal' });
});

test('every error code has a gRPC status of its own', () => {
  assert.deepEqual(
    errorCodes.map((code) => codeOfGrpcStatus(grpcStatusByCode[code])),
    [...errorCodes],
  );
  assert.deepEqual(
    Object.values(grpcStatusByCode).toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  );
});

test('grpc-message carries any text as printable ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = encodeGrpcMessage(text);
      assert.match(encoded, /^[ -~]*$/);
      assert.equal(decodeGrpcMessage(encoded), text.toWellFormed());
    }),
  );
});

test('grpc-timeout is read in every unit and refused when it is none', () => {
  assert.equal(parseGrpcTimeoutMs(undefined), undefined);
  assert.equal(parseGrpcTimeoutMs('2S'), 2000);
  assert.equal(parseGrpcTimeoutMs('500u'), 0.5);
  assert.equal(parseGrpcTimeoutMs(formatGrpcTimeout(250)), 250);
  for (const text of ['', '5', 'S', '123456789S', '1.5S', '-1S', '1x']) {
    assert.throws(() => parseGrpcTimeoutMs(text), { code: 'invalid_argument' });
  }
});
