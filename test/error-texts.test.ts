import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type GrpcTestClient, connectGrpc } from '../src/testing/grpc-client.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { grpcInfer } from './support/grpc-infer.ts';
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
      'gone/1/model.onnx': addModel({ elements: 2 }),
      'broken/1/model.onnx': 'this is no model',
      'small/1/model.onnx': blockingModel(),
      'small/config.pbtxt': queue('max_queue_size: 1'),
      'plain/1/model.onnx': blockingModel(),
      'plain/config.pbtxt': queue(''),
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
    outputs: rest.outputs?.map((name) => ({ name })),
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

async function overGrpc({ outputs = [], ...request }: Request): Promise<Told> {
  const wanted = outputs.map((name) => ({ name }));
  const { status, message } = await grpcInfer(grpc, { ...request, outputs: wanted });
  return { status, text: message };
}

/** Sends it both ways and compares: HTTP status, gRPC status, and the text of both. */
async function assertTold(request: Request, codes: string, text: string | RegExp): Promise<void> {
  const [http, call] = await Promise.all([overHttp(request), overGrpc(request)]);
  assert.equal(`${http.status} ${call.status}`, codes, `${http.text} | ${call.text}`);
  for (const told of [http, call]) {
    if (typeof text === 'string') assert.equal(told.text, text);
    else assert.match(told.text, text);
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
      /^input 'b' batch size does not match other inputs for 'pair'/,
    ],
    [
      pair({ inputs: [input('a', [1, 3]), input('b', [1, 3])] }),
      '400 3',
      "unexpected shape for input 'a' for model 'pair'. Expected [-1,2], got [1,3].",
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
