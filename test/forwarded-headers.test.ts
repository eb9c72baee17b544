import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WireReader } from '../src/formats/protobuf/reader.ts';
import { encodeInferRequest } from '../src/protocols/oip-grpc/codec/infer-request-write.ts';
import { type GrpcAnswer, connectGrpc } from '../src/testing/grpc-client.ts';
import { fp32Tensor } from '../src/testing/infer-request.ts';
import { type TestServer, serve } from './support/serve.ts';

/** Answers the parameters it is given, as JSON. */
const script = `
  import { tensor } from 'headway/script';
  export const signature = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
    outputs: [{ name: 'said', datatype: 'BYTES', shape: [1] }],
  };
  export const execute = (requests) =>
    requests.map(({ parameters }) => ({ said: tensor('BYTES', [1], [JSON.stringify(parameters)]) }));`;

const asked = {
  modelName: 'echo',
  modelVersion: '',
  id: '',
  inputs: new Map([['x', fp32Tensor([1], [1])]]),
  outputs: [],
  parameters: { seed: '1' },
};
const headers = { my_header: 'a "b" \\', 'My-Header-2': 'c', other: 'd' };

let served: TestServer;
before(async () => {
  served = await serve(
    { 'echo/1/model.ts': script },
    {
      allowScripts: true,
      httpHeaderForwardPattern: 'MY.HEADER|timeout',
      grpcHeaderForwardPattern: '^(?:my.header|timeout|triton_)',
    },
  );
});
after(() => served[Symbol.asyncDispose]());

const httpAnswer = (sent: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${served.url}/v2/models/echo/infer`, {
    method: 'POST',
    headers: sent,
    body: JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }],
      parameters: { seed: '1' },
    }),
  });

async function grpcAnswer(
  method: string,
  sent: Readonly<Record<string, string>>,
): Promise<GrpcAnswer> {
  await using client = connectGrpc(served.server.urls.grpc);
  const message = Buffer.concat(encodeInferRequest(asked));
  return await client.call(`/inference.GRPCInferenceService/${method}`, message, sent);
}

/** What the model was given, found in a message that holds its one output. */
function parametersIn(answer: GrpcAnswer): unknown {
  assert.equal(answer.status, 0, answer.message);
  return JSON.parse(/\{"seed.*\}/.exec(answer.messages[0]!.toString())![0]);
}

describe('headers that the pattern matches', () => {
  test('become parameters of the request over HTTP', async () => {
    const { outputs } = (await (await httpAnswer(headers)).json()) as {
      outputs: [{ data: [string] }];
    };
    const said = JSON.parse(outputs[0].data[0]) as Record<string, unknown>;
    const lower = Object.entries(said).map(([name, value]) => [name.toLowerCase(), value]);
    assert.deepEqual(Object.fromEntries(lower), {
      seed: '1',
      my_header: 'a "b" \\',
      'my-header-2': 'c',
    });
  });

  for (const method of ['ModelInfer', 'ModelStreamInfer']) {
    test(`become parameters of the request over gRPC: ${method}`, async () => {
      const sent = { my_header: 'a "b" \\ ', 'my-header-2': 'c', other: 'd' };
      assert.deepEqual(parametersIn(await grpcAnswer(method, sent)), {
        seed: '1',
        my_header: 'a "b" \\ ',
        'my-header-2': 'c',
      });
    });
  }

  test('are refused where their names are reserved', async () => {
    const text = (name: string): string =>
      `Header '${name}' is reserved for Triton usage and cannot be forwarded.`;
    const answer = await httpAnswer({ timeout: '5' });
    assert.equal(answer.status, 400);
    assert.deepEqual(await answer.json(), { error: text('timeout') });
    for (const name of ['timeout', 'triton_x']) {
      const { status, message } = await grpcAnswer('ModelInfer', { [name]: '5' });
      assert.deepEqual([status, message], [3, text(name)]);
    }
    const { messages } = await grpcAnswer('ModelStreamInfer', { timeout: '5' });
    const reader = new WireReader(messages[0]!, 'ModelStreamInferResponse');
    assert.ok(reader.nextField());
    assert.equal(reader.text(), text('timeout'));
  });
});
