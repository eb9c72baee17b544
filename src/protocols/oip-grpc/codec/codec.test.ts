import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Datatype, datatypeBytes, datatypes } from '../../../core/datatype.ts';
import { HeadwayError, errorCodes } from '../../../core/error.ts';
import { encodeBytesElements } from '../../../core/tensor.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';
import { WireWriter } from '../../../formats/protobuf/writer.ts';
import { arbitraryTensor } from '../../../testing/arbitrary-tensors.ts';
import { createFrameReader, frameMessage } from './frames.ts';
import { decodeInferRequest } from './infer-request-read.ts';
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

const options = {
  maxTypedBytes: 1 << 20,
  lease: () => {
    throw new HeadwayError('unimplemented', 'no shared memory');
  },
};

interface WrittenInput {
  readonly name?: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: (writer: WireWriter) => void;
  readonly parameters?: Readonly<Record<string, (writer: WireWriter) => void>>;
}

function request(inputs: readonly WrittenInput[], raw: readonly Uint8Array[] = []): WireWriter {
  const writer = new WireWriter();
  writer.text(1, 'echo');
  for (const { name = 'x', datatype, shape, contents, parameters = {} } of inputs) {
    writer.message(5, (input) => {
      input.text(1, name);
      input.text(2, datatype);
      input.packedInt64(3, shape);
      writeParameters(input, 4, parameters);
      if (contents !== undefined) input.message(5, contents);
    });
  }
  for (const data of raw) writer.bytes(7, data);
  return writer;
}

function writeParameters(
  writer: WireWriter,
  fieldNumber: number,
  parameters: Readonly<Record<string, (writer: WireWriter) => void>>,
): void {
  for (const [name, write] of Object.entries(parameters)) {
    writer.message(fieldNumber, (entry) => {
      entry.text(1, name);
      entry.message(2, write);
    });
  }
}

function decode(writer: WireWriter): ReturnType<typeof decodeInferRequest> {
  return decodeInferRequest(Buffer.concat(writer.finish()), options);
}

test('decodeInferRequest() reads raw contents of every datatype', () => {
  fc.assert(
    fc.property(arbitraryTensor(datatypes, { text: false }), ({ datatype, shape, data }) => {
      const { inputs } = decode(request([{ datatype, shape }], [data]));
      const input = inputs.get('x')!;
      assert.deepEqual([input.datatype, input.shape], [datatype, shape]);
      assert.deepEqual([...input.data], [...data]);
    }),
  );
});

/** The field, and how the elements of some bytes are written in it. */
const typedLists: Partial<Record<Datatype, (writer: WireWriter, data: Uint8Array) => void>> = {
  BOOL: (writer, data) => writer.packedInt64(1, [...data]),
  INT8: (writer, data) => writer.packedInt64(2, [...new Int8Array(data.slice().buffer)]),
  INT16: (writer, data) => writer.packedInt64(2, [...new Int16Array(data.slice().buffer)]),
  INT32: (writer, data) => writer.packedInt64(2, [...new Int32Array(data.slice().buffer)]),
  INT64: (writer, data) => writer.packedInt64(3, [...new BigInt64Array(data.slice().buffer)]),
  UINT8: (writer, data) => writer.packedInt64(4, [...data]),
  UINT16: (writer, data) => writer.packedInt64(4, [...new Uint16Array(data.slice().buffer)]),
  UINT32: (writer, data) => writer.packedInt64(4, [...new Uint32Array(data.slice().buffer)]),
  UINT64: (writer, data) => writer.packedInt64(5, [...new BigUint64Array(data.slice().buffer)]),
  FP32: (writer, data) => writer.bytes(6, data),
  FP64: (writer, data) => writer.bytes(7, data),
};

for (const [datatype, write] of Object.entries(typedLists)) {
  test(`decodeInferRequest() reads typed contents of ${datatype}`, () => {
    const tensors = arbitraryTensor([datatype as Datatype], { text: false });
    fc.assert(
      fc.property(tensors, ({ shape, data }) => {
        const contents = (writer: WireWriter): void => write(writer, data);
        const { inputs } = decode(request([{ datatype, shape, contents }]));
        assert.deepEqual([...inputs.get('x')!.data], [...data]);
      }),
    );
  });
}

test('decodeInferRequest() reads typed contents of BYTES, and elements written one by one', () => {
  const elements = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three')];
  const strings = decode(
    request([
      {
        datatype: 'BYTES',
        shape: [3],
        contents: (writer) => {
          for (const element of elements) writer.bytes(8, element);
        },
      },
    ]),
  );
  assert.deepEqual(strings.inputs.get('x')!.data, encodeBytesElements(elements));
  const numbers = decode(
    request([
      {
        datatype: 'FP32',
        shape: [2],
        contents: (writer) => {
          writer.float(6, 1.5);
          writer.float(6, -2);
        },
      },
    ]),
  );
  assert.deepEqual(numbers.inputs.get('x')!.data, new Uint8Array(Float32Array.of(1.5, -2).buffer));
});

test('decodeInferRequest() takes the lower bits of wide integers, as Triton does', () => {
  const contents = (writer: WireWriter): void => writer.packedInt64(2, [257, -129]);
  const { inputs } = decode(request([{ datatype: 'INT8', shape: [2], contents }]));
  assert.deepEqual([...inputs.get('x')!.data], [1, 127]);
});

const fp32 = { datatype: 'FP32', shape: [1] } as const;
const four = new Uint8Array(4);
const floats = (writer: WireWriter): void => writer.float(6, 1);

for (const [what, written, code, text] of [
  [
    'raw and typed contents',
    () => request([{ ...fp32, contents: floats }], [four]),
    'invalid_argument',
    /^contents field must not be specified when using raw_input_contents for 'x' for model 'echo'$/,
  ],
  [
    'an input without data',
    () => request([fp32]),
    'invalid_argument',
    /^unable to find data for input tensor 'x' for model 'echo' in request\.$/,
  ],
  [
    'too many raw contents',
    () => request([fp32], [four, four]),
    'invalid_argument',
    /unexpected additional input data for model 'echo'/,
  ],
  [
    'typed contents of another datatype',
    () => request([{ ...fp32, contents: (writer) => writer.packedInt64(2, [1]) }]),
    'invalid_argument',
    /of type 'INT32', expected datatype 'FP32'$/,
  ],
  [
    'typed FP16',
    () => request([{ datatype: 'FP16', shape: [1], contents: floats }]),
    'invalid_argument',
    /of type 'FP32', expected datatype 'FP16'$/,
  ],
  [
    'typed BF16',
    () => request([{ datatype: 'BF16', shape: [1], contents: floats }]),
    'invalid_argument',
    /of type 'FP32', expected datatype 'BF16'$/,
  ],
  [
    'two lists of contents',
    () =>
      request([
        {
          ...fp32,
          contents: (writer) => {
            floats(writer);
            writer.double(7, 1);
          },
        },
      ]),
    'invalid_argument',
    /binary data was already supplied\.$/,
  ],
  [
    'an unknown datatype',
    () => request([{ datatype: 'FP8', shape: [1] }], [four]),
    'invalid_argument',
    /'FP8' of input 'x' is not known/,
  ],
  [
    'a negative dimension',
    () => request([{ datatype: 'FP32', shape: [-1] }], [four]),
    'invalid_argument',
    /shape \[-1\] of input 'x'/,
  ],
  [
    'too many dimensions',
    () => request([{ datatype: 'FP32', shape: Array<number>(65).fill(1) }], [four]),
    'invalid_argument',
    /more than 64 dimensions/,
  ],
  [
    'an input given twice',
    () => request([fp32, fp32], [four, four]),
    'invalid_argument',
    /'x' is given twice/,
  ],
  [
    'shared memory without a size',
    () => request([{ ...fp32, parameters: { shared_memory_region: (it) => it.text(3, 'r') } }]),
    'invalid_argument',
    /needs 'shared_memory_byte_size'/,
  ],
] as const satisfies readonly (readonly [string, () => WireWriter, string, RegExp])[]) {
  test(`decodeInferRequest() refuses ${what}`, () => {
    assert.throws(() => decode(written()), { name: 'HeadwayError', code, message: text });
  });
}

for (const [what, name, write, code, text] of [
  [
    'a timeout as text',
    'timeout',
    (it) => it.text(3, '1'),
    'invalid_argument',
    /'timeout'.*int64_param/,
  ],
  ['a negative timeout', 'timeout', (it) => it.int64(2, -1), 'invalid_argument', /expected >= 0/],
  ['a priority as a flag', 'priority', (it) => it.int64(1, 1), 'invalid_argument', /'priority'/],
  ['a sequence', 'sequence_id', (it) => it.int64(2, 7), 'unimplemented', /^Sequences are not/],
  ['reserved names', 'triton_x', (it) => it.int64(1, 1), 'invalid_argument', /reserved for Triton/],
] as const satisfies readonly (readonly [
  string,
  string,
  (writer: WireWriter) => void,
  string,
  RegExp,
])[]) {
  test(`decodeInferRequest() refuses ${what}`, () => {
    const writer = request([fp32], [four]);
    writeParameters(writer, 4, { [name]: write });
    assert.throws(() => decode(writer), { name: 'HeadwayError', code, message: text });
  });
}

test('decodeInferRequest() takes the reserved parameters out and keeps the others', () => {
  const writer = request([fp32], [four]);
  writeParameters(writer, 4, {
    timeout: (it) => it.int64(2, 5000),
    priority: (it) => it.int64(5, 2),
    sequence_id: (it) => it.int64(2, 0),
    triton_enable_empty_final_response: (it) => it.int64(1, 1),
    ratio: (it) => it.double(4, 0.5),
    __proto__x: (it) => it.text(3, 'text'),
  });
  const decoded = decode(writer);
  assert.equal(decoded.timeoutMicroseconds, 5000);
  assert.equal(decoded.priority, 2);
  assert.deepEqual(decoded.parameters, { ratio: 0.5, __proto__x: 'text' });
});

test('decodeInferRequest() answers any bytes with a request or an error', () => {
  const valid = Buffer.concat(
    request(
      [
        { ...fp32, contents: floats },
        { ...fp32, name: 'y' },
      ],
      [four],
    ).finish(),
  );
  const mutated = fc
    .tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length))
    .map(([at, byte, end]) => {
      const bytes = Buffer.from(valid);
      bytes[at] = byte;
      return bytes.subarray(0, end);
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), (bytes) => {
      try {
        decodeInferRequest(bytes, options);
      } catch (error) {
        assert.ok(error instanceof HeadwayError, String(error));
        assert.notEqual(error.code, 'internal');
      }
    }),
    { numRuns: 2000 },
  );
});

test('encodeInferResponse() writes one raw entry for each output, even an empty one', () => {
  const answer = {
    modelName: 'echo',
    modelVersion: '1',
    id: 'abc',
    parameters: {},
    outputs: new Map([
      ['empty', { datatype: 'FP32', shape: [0], data: new Uint8Array(0) } as const],
      ['x', { datatype: 'FP32', shape: [1], data: four } as const],
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
        hold: () => {},
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

test('datatypes that have typed contents are all but FP16, BF16 and BYTES here', () => {
  const raw = Object.keys(datatypeBytes).filter((datatype) => !(datatype in typedLists));
  assert.deepEqual(raw, ['FP16', 'BF16', 'BYTES']);
});
