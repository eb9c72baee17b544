import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeBytesElements } from '../src/core/tensor.ts';
import { WireWriter } from '../src/formats/protobuf/writer.ts';
import { type GrpcTestClient, connectGrpc } from '../src/testing/grpc-client.ts';
import { addModel, identityModel } from '../src/testing/models/small-models.ts';
import { type GrpcInferRequest, grpcInfer, grpcStreamError } from './support/grpc-infer.ts';
import { blockingModel, occupy, quick } from './support/models.ts';
import { type TestServer, serve, until } from './support/serve.ts';

let served: TestServer;
let grpc: GrpcTestClient;

const queue = (policy: string): string =>
  `max_batch_size: 0\ninstance_group [{ count: 1 }]\ndynamic_batching { default_queue_policy { ${policy} } }\n`;

before(async () => {
  served = await serve(
    {
      'pair/1/model.onnx': addModel({ elements: 2 }),
      'either/1/model.onnx': addModel({ elements: 2 }),
      'either/config.pbtxt':
        'max_batch_size: 4\ninput [{ name: "b" data_type: TYPE_FP32 dims: [2] optional: true }]\n',
      'gone/1/model.onnx': addModel({ elements: 2 }),
      'broken/1/model.onnx': 'this is no model',
      'small/1/model.onnx': blockingModel(),
      'small/config.pbtxt': queue('max_queue_size: 1'),
      'plain/1/model.onnx': blockingModel(),
      'plain/config.pbtxt': queue(''),
      'words/1/model.onnx': identityModel('BYTES', [-1, 2]),
      'flags/1/model.onnx': identityModel('BOOL', [-1, 2]),
      'halves/1/model.onnx': identityModel('FP16', [-1, 2]),
      'long/1/model.onnx': identityModel('FP32', [-1, -1]),
    },
    { modelControlMode: 'explicit', loadModels: ['*'] },
  );
  await served.client.unload('gone');
  grpc = connectGrpc(served.server.urls.grpc);
});
after(async () => {
  await grpc[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
});

/** What a client is told: the status of the protocol, and the text. */
interface Told {
  readonly status: number;
  readonly text: string;
}

interface Input {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

interface Request {
  readonly model: string;
  readonly version?: string;
  readonly inputs: readonly Input[];
  readonly outputs?: readonly string[];
  /** Of every output. */
  readonly classification?: number;
  readonly parameters?: Readonly<Record<string, number>>;
}

function input(name: string, shape: readonly number[], given: Partial<Input> = {}): Input {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, datatype: 'FP32', shape, data: new Uint8Array(4 * count), ...given };
}
const pair = (given: Partial<Request> = {}): Request => ({
  model: 'pair',
  inputs: [input('a', [1, 2]), input('b', [1, 2])],
  ...given,
});
const bytes = (...data: number[]): Partial<Input> => ({
  datatype: 'BYTES',
  data: Uint8Array.from(data),
});
const words = (...texts: string[]): Partial<Input> => ({
  datatype: 'BYTES',
  data: encodeBytesElements(texts.map((text) => Buffer.from(text))),
});
const classes = (model: string, given: Partial<Input> = {}): Request => ({
  model,
  inputs: [input('input', [1, 2], given)],
  outputs: ['output'],
  classification: 1,
});
const noClasses = (datatype: string): RegExp =>
  new RegExp(`^class result not available for output due to unsupported type '${datatype}'`);
const block = (model: string, parameters: Request['parameters'] = {}): Request => ({
  model,
  inputs: [input('input', [1, 256])],
  parameters,
});

async function overHttp({ model, version, inputs, ...rest }: Request): Promise<Told> {
  const head = JSON.stringify({
    parameters: rest.parameters ?? {},
    inputs: inputs.map(({ data, ...spec }) => {
      const parameters = { binary_data_size: data.byteLength };
      return { ...spec, parameters };
    }),
    outputs: rest.outputs?.map((name) => ({
      name,
      parameters: { classification: rest.classification },
    })),
  });
  const path = version === undefined ? model : `${model}/versions/${version}`;
  const answer = await fetch(`${served.url}/v2/models/${path}/infer`, {
    method: 'POST',
    headers: { 'Inference-Header-Content-Length': String(head.length) },
    body: Buffer.concat([Buffer.from(head), ...inputs.map(({ data }) => data)]),
  });
  const { error } = (await answer.json()) as { error?: string };
  return { status: answer.status, text: error ?? '' };
}

const withOutputs = ({ outputs = [], classification, ...request }: Request): GrpcInferRequest => ({
  ...request,
  outputs: outputs.map((name) => ({ name, classification })),
});

async function overGrpc(request: Request): Promise<Told> {
  const { status, message } = await grpcInfer(grpc, withOutputs(request));
  return { status, text: message };
}

/** Sends it in three ways and compares: HTTP status, gRPC status, and the text of all. */
async function assertTold(request: Request, codes: string, text: string | RegExp): Promise<void> {
  const [http, call] = await Promise.all([overHttp(request), overGrpc(request)]);
  assert.equal(`${http.status} ${call.status}`, codes, `${http.text} | ${call.text}`);
  const streamed = await grpcStreamError(grpc, withOutputs(request));
  for (const told of [http.text, call.text, streamed]) {
    if (typeof text === 'string') assert.equal(told, text);
    else assert.match(told, text);
  }
}

describe('a request that cannot be answered is told why in the words clients know', () => {
  const unknown = 'Request for unknown model: ';
  const cases: readonly [Request, string, string | RegExp][] = [
    [pair({ model: 'x' }), '404 5', `${unknown}'x' is not found`],
    [pair({ version: '7' }), '404 5', `${unknown}'pair' version 7 is not found`],
    [pair({ model: 'broken' }), '404 5', `${unknown}'broken' has no available versions`],
    [pair({ model: 'gone' }), '404 5', `${unknown}'gone' has no available versions`],
    [
      pair({ model: 'gone', version: '1' }),
      '503 14',
      `${unknown}'gone' version 1 is not at ready state`,
    ],
    [
      pair({ inputs: [input('a', [5, 2]), input('b', [5, 2])] }),
      '400 3',
      "inference request batch-size must be <= 4 for 'pair', got 5",
    ],
    [
      pair({ inputs: [input('a', [1, 2]), input('b', [2, 2])] }),
      '400 3',
      /^input 'a' batch size does not match other inputs for 'pair'/,
    ],
    [
      pair({ inputs: [input('a', [1, 3]), input('b', [1, 3])] }),
      '400 3',
      "unexpected shape for input 'b' for model 'pair'. Expected [-1,2], got [1,3].",
    ],
    [
      pair({ inputs: [input('a', [1, 2], { datatype: 'INT32' }), input('b', [1, 2])] }),
      '400 3',
      "inference input 'a' data-type is 'INT32', but model 'pair' expects 'FP32'",
    ],
    [
      pair({ inputs: [input('a', [1, 2], { data: new Uint8Array(4) }), input('b', [1, 2])] }),
      '400 3',
      /byte size mismatch for input 'a' for model 'pair'. Expected 8, got 4$/,
    ],
    [
      pair({ inputs: [input('a', [1, 2])] }),
      '400 3',
      /^expected 2 inputs but got 1 inputs for model 'pair'. Got input\(s\) \['a'\], but missing required input\(s\) \['b'\]/,
    ],
    [
      pair({ inputs: [...pair().inputs, input('c', [1, 2])] }),
      '400 3',
      "unexpected inference input 'c' for model 'pair'",
    ],
    [
      { model: 'either', inputs: [input('b', [1, 2])] },
      '400 3',
      /^expected number of inputs between 1 and 2 but got 1 inputs for model 'either'. Got input\(s\) \['b'\], but missing required input\(s\) \['a'\]/,
    ],
    [
      { model: 'either', inputs: [] },
      '400 3',
      /^expected number of inputs between 1 and 2 but got 0 inputs for model 'either'. Got input\(s\) \[\], but/,
    ],
    [pair({ inputs: [input('a', [1, 9])] }), '400 3', /^expected 2 inputs but got 1 inputs/],
    [
      { model: 'words', inputs: [input('input', [1, 2], words('a', 'b', 'c', 'd'))] },
      '400 3',
      "unexpected number of string elements 3 for inference input 'input' for model 'words', expecting 2",
    ],
    [
      { model: 'words', inputs: [input('input', [1, 2], words('a'))] },
      '400 3',
      "expected 2 string elements for inference input 'input' for model 'words', got 1",
    ],
    [
      { model: 'words', inputs: [input('input', [1, 2], bytes(1, 0, 0, 0, 97, 1, 0))] },
      '400 3',
      "incomplete string length indicator for inference input 'input' for model 'words', expecting 4 bytes but only 2 bytes available",
    ],
    [
      { model: 'words', inputs: [input('input', [1, 2], bytes(9, 0, 0, 0, 97))] },
      '400 3',
      "incomplete string data for inference input 'input' for model 'words', expecting string of length 9 but only 1 bytes available",
    ],
    [classes('words', words('a', 'b')), '400 3', noClasses('BYTES')],
    [classes('flags', { ...bytes(0, 1), datatype: 'BOOL' }), '400 3', noClasses('BOOL')],
    [classes('halves', { ...bytes(0, 0, 0, 0), datatype: 'FP16' }), '400 3', noClasses('FP16')],
    [
      { ...classes('long'), inputs: [input('input', [1, 1_000_001])] },
      '400 3',
      /^classification output tensor too large/,
    ],
    [pair({ outputs: ['y'] }), '400 3', /^unexpected inference output 'y' for model 'pair'/],
    [pair({ outputs: ['sum', 'sum'] }), '400 3', "output 'sum' already exists in request"],
    [pair({ parameters: { sequence_id: 7 } }), '501 12', /^Sequences are not supported/],
    [
      pair({ parameters: { triton_x: 7 } }),
      '400 3',
      /^parameter keys starting with 'triton_' are reserved for Triton usage/,
    ],
  ];
  for (const [request, codes, text] of cases) {
    test(`${codes}: ${String(text)}`, () => assertTold(request, codes, text));
  }

  test('a full queue', async () => {
    const occupation = await occupy(served, 'small');
    const waiting = quick(served.client, 'small');
    const depth = (): Promise<number | undefined> =>
      served.metric('headway_queue_depth', { model: 'small' });
    await until(async () => (await depth()) === 1);
    await assertTold(block('small'), '429 8', /^Exceeds maximum queue size/);
    await occupation.release();
    await waiting;
  });

  test('a queue timeout', async () => {
    const occupation = await occupy(served, 'plain');
    const impatient = block('plain', { timeout: 20_000 });
    await assertTold(impatient, '503 14', 'Request timeout expired');
    await occupation.release();
  });
});

describe('a load by a name that no model can have is refused in the words clients know', () => {
  const empty = 'Model name cannot be empty. Please enter a valid name to deploy.';
  const traversal = /model name must not contain path traversal characters$/;
  const cases: readonly [string, string | RegExp][] = [
    [' ', empty],
    ['\t', empty],
    ['../etc', traversal],
    ['a/b', traversal],
    [' ..', traversal],
    ['...', /^failed to load '...', failed to poll from model repository: a model's name is/],
  ];
  for (const [name, text] of cases) {
    test(JSON.stringify(name), async () => {
      const path = `/v2/repository/models/${encodeURIComponent(name)}/load`;
      const answer = await fetch(`${served.url}${path}`, { method: 'POST' });
      const { error } = (await answer.json()) as { error: string };
      const writer = new WireWriter();
      writer.text(2, name);
      const { status, message } = await grpc.call(
        '/inference.GRPCInferenceService/RepositoryModelLoad',
        Buffer.concat(writer.finish()),
      );
      assert.deepEqual([answer.status, status], [400, 3]);
      for (const told of [error, message]) {
        if (typeof text === 'string') assert.equal(told, text);
        else assert.match(told, text);
      }
    });
  }
});
