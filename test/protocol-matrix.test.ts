import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { InputTensor } from '../src/client/index.ts';
import { toWireTensor } from '../src/client/tensor-data.ts';
import { type Datatype, datatypes } from '../src/core/datatype.ts';
import { elementCount } from '../src/core/shape.ts';
import type { Tensor } from '../src/core/tensor.ts';
import type { WireWriter } from '../src/formats/protobuf/writer.ts';
import { type GrpcTestClient, connectGrpc } from '../src/testing/grpc-client.ts';
import { identityModel } from '../src/testing/models/small-models.ts';
import { type SharedObject, createSharedObject } from '../src/testing/shared-object.ts';
import { type GrpcInput, grpcInfer } from './support/grpc-infer.ts';
import { type TestServer, serve } from './support/serve.ts';

let served: TestServer;
let grpc: GrpcTestClient;
let object: SharedObject | undefined;

const hasSharedMemory = process.platform === 'linux';
const regionBytes = 4096;
const outputOffset = 2048;

before(async () => {
  const files = datatypes.flatMap((datatype) => [
    [`${datatype}/1/model.onnx`, identityModel(datatype, [-1, 'count'])],
    [`${datatype}/config.pbtxt`, 'max_batch_size: 0\n'],
    [`scalar_${datatype}/1/model.onnx`, identityModel(datatype, [])],
  ]);
  served = await serve(Object.fromEntries(files), { allowClientSharedMemory: true });
  grpc = connectGrpc(served.server.urls.grpc);
  if (!hasSharedMemory) return;
  object = createSharedObject(regionBytes);
  const registered = await fetch(`${served.url}/v2/systemsharedmemory/region/r/register`, {
    method: 'POST',
    body: JSON.stringify({ key: object.key, byte_size: regionBytes }),
  });
  assert.equal(registered.status, 200, await registered.text());
});
after(async () => {
  object?.[Symbol.dispose]();
  await grpc[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
});

/** Extremes of every datatype, two rows of three. */
const samples: readonly InputTensor[] = [
  { datatype: 'BOOL', data: [true, false, true, false, false, true] },
  { datatype: 'UINT8', data: Uint8Array.of(0, 1, 127, 128, 254, 255) },
  { datatype: 'UINT16', data: Uint16Array.of(0, 1, 255, 256, 32_768, 65_535) },
  { datatype: 'UINT32', data: Uint32Array.of(0, 1, 65_536, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1) },
  {
    datatype: 'UINT64',
    data: BigUint64Array.of(0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 5n, 2n ** 64n - 1n),
  },
  { datatype: 'INT8', data: Int8Array.of(-128, -1, 0, 1, 126, 127) },
  { datatype: 'INT16', data: Int16Array.of(-32_768, -1, 0, 1, 256, 32_767) },
  { datatype: 'INT32', data: Int32Array.of(-(2 ** 31), -1, 0, 1, 65_536, 2 ** 31 - 1) },
  {
    datatype: 'INT64',
    data: BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 7n, 2n ** 63n - 1n),
  },
  {
    datatype: 'FP16',
    data: Float16Array.of(-65_504, -0, 0.5, 5.960464477539063e-8, Infinity, NaN),
  },
  { datatype: 'BF16', data: Uint16Array.of(0x3f80, 0xbf80, 0x7f80, 0xff80, 0x7fc0, 1) },
  {
    datatype: 'FP32',
    data: Float32Array.of(-3.4028234663852886e38, -0, 0.1, 1e-45, Infinity, NaN),
  },
  {
    datatype: 'FP64',
    data: Float64Array.of(-1.7976931348623157e308, -0, 0.1, 5e-324, -Infinity, NaN),
  },
  { datatype: 'BYTES', data: ['', 'a', 'zwölf Boxkämpfer', '日本', '"\\\n', '\u0000'] },
].map((sample) => ({ ...sample, name: 'input', shape: [2, 3] }) as InputTensor);

/** One way for a tensor to come and go. */
interface Way {
  readonly name: string;
  /** What it cannot carry. */
  readonly lacks?: readonly Datatype[];
  readonly skip?: boolean;
  infer(model: string, input: InputTensor): Promise<Tensor>;
}

const overHttp =
  (encoding: 'json' | 'binary'): Way['infer'] =>
  async (model, input) => {
    const { outputs } = await served.client.infer({ model, inputs: [input], encoding });
    return toWireTensor({ name: 'output', ...outputs.get('output')! });
  };

async function overGrpc(model: string, input: GrpcInput): Promise<Tensor> {
  const { status, message, outputs } = await grpcInfer(grpc, { model, inputs: [input] });
  assert.equal(status, 0, message);
  return outputs.get('output')!;
}

/** Puts the input where the region begins, and takes the output from its middle. */
async function throughMemory(
  { data }: Tensor,
  infer: (size: number) => Promise<Tensor>,
): Promise<Tensor> {
  object!.write(outputOffset, new Uint8Array(outputOffset));
  object!.write(0, data);
  const { datatype, shape } = await infer(data.byteLength);
  return { datatype, shape, data: object!.read(outputOffset, data.byteLength) };
}

const overMemoryHttp: Way['infer'] = (model, input) =>
  throughMemory(toWireTensor(input), async (size) => {
    const { name, datatype, shape } = input;
    const place = (offset: number) => ({
      shared_memory_region: 'r',
      shared_memory_byte_size: size,
      shared_memory_offset: offset,
    });
    const answer = await fetch(`${served.url}/v2/models/${model}/infer`, {
      method: 'POST',
      body: JSON.stringify({
        inputs: [{ name, datatype, shape, parameters: place(0) }],
        outputs: [{ name: 'output', parameters: place(outputOffset) }],
      }),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return (JSON.parse(text) as { outputs: [Tensor] }).outputs[0];
  });

const overMemoryGrpc: Way['infer'] = (model, input) =>
  throughMemory(toWireTensor(input), async (byteSize) => {
    const { status, message, outputs } = await grpcInfer(grpc, {
      model,
      inputs: [{ ...input, data: { region: 'r', byteSize, offset: 0 } }],
      outputs: [{ name: 'output', place: { region: 'r', byteSize, offset: outputOffset } }],
    });
    assert.equal(status, 0, message);
    return outputs.get('output')!;
  });

/** The number of the list of InferTensorContents that carries a datatype. */
const listOf: Readonly<Partial<Record<Datatype, number>>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
};

function writeContents({ datatype, data }: InputTensor, contents: WireWriter): void {
  const list = listOf[datatype];
  if (datatype === 'BYTES') for (const text of data) contents.bytes(8, Buffer.from(text));
  else if (datatype === 'FP64') for (const value of data) contents.double(7, value);
  // Half floats have no list of their own; a client might put them here.
  else if (list === undefined) for (const value of data) contents.float(6, Number(value));
  else contents.packedInt64(list, [...data].map(BigInt));
}

const halves = ['FP16', 'BF16'] as const;
const ways: readonly Way[] = [
  { name: 'HTTP JSON', lacks: halves, infer: overHttp('json') },
  { name: 'HTTP binary', infer: overHttp('binary') },
  {
    name: 'gRPC typed contents',
    lacks: halves,
    infer: (model, input) =>
      overGrpc(model, { ...input, data: (contents) => writeContents(input, contents) }),
  },
  {
    name: 'gRPC raw contents',
    infer: (model, input) => overGrpc(model, { ...input, data: toWireTensor(input).data }),
  },
  { name: 'shared memory over HTTP', skip: !hasSharedMemory, infer: overMemoryHttp },
  { name: 'shared memory over gRPC', skip: !hasSharedMemory, infer: overMemoryGrpc },
];

/** The first elements of a sample in another shape. */
function shaped(sample: InputTensor, shape: readonly number[]): InputTensor {
  const data = sample.data.slice(0, elementCount(shape)) as never;
  return { ...sample, shape, data };
}

for (const { name, lacks = [], skip = false, infer } of ways) {
  describe(name, { skip }, () => {
    for (const sample of samples) {
      const { datatype } = sample;
      if (lacks.includes(datatype)) {
        test(`refuses ${datatype}`, async () => {
          await assert.rejects(infer(datatype, sample), new RegExp(datatype));
        });
        continue;
      }
      test(`carries ${datatype}, scalars and tensors without elements too`, async () => {
        for (const shape of [[2, 3], [], [2, 0], [0, 3]]) {
          const input = shaped(sample, shape);
          const model = shape.length === 0 ? `scalar_${datatype}` : datatype;
          const output = await infer(model, input);
          assert.deepEqual([output.datatype, output.shape], [datatype, shape]);
          assert.deepEqual([...output.data], [...toWireTensor(input).data]);
        }
      });
    }
  });
}

test('there is a sample of each datatype', () => {
  assert.deepEqual(samples.map(({ datatype }) => datatype).toSorted(), datatypes.toSorted());
});
