import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Datatype, datatypeBytes, datatypes } from '../../../core/datatype.ts';
import { HeadwayError } from '../../../core/error.ts';
import { encodeBytesElements } from '../../../core/tensor.ts';
import { WireWriter } from '../../../formats/protobuf/writer.ts';
import { arbitraryTensor } from '../../../testing/arbitrary-tensors.ts';
import { decodeInferRequest } from './infer-request-read.ts';

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

test('datatypes that have typed contents are all but FP16, BF16 and BYTES here', () => {
  const raw = Object.keys(datatypeBytes).filter((datatype) => !(datatype in typedLists));
  assert.deepEqual(raw, ['FP16', 'BF16', 'BYTES']);
});
