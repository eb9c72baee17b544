import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HeadwayError,
  type InputTensor,
  type OipClient,
  createOipGrpcClient,
} from '../src/client/index.ts';
import { encodeInferRequest } from '../src/protocols/oip-grpc/codec/infer-request-write.ts';
import { connectGrpc } from '../src/testing/grpc-client.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { type TestServer, serve } from './support/serve.ts';

/** What is not built, as a config asks for it, and the words that name it. */
const features: readonly (readonly [string, object, RegExp])[] = [
  ['sequence', { sequence_batching: {} }, /'sequence_batching' \(stateful sequences\)/],
  ['ensemble', { ensemble_scheduling: { step: [] } }, /'ensemble_scheduling' \(graphs of models\)/],
  [
    'joined',
    { batch_input: [{ kind: 'BATCH_ELEMENT_COUNT' }] },
    /'batch_input' \(ragged batches\)/,
  ],
  [
    'decoupled',
    { model_transaction_policy: { decoupled: true } },
    /'model_transaction_policy.decoupled'/,
  ],
  [
    'ragged',
    {
      input: ['a', 'b'].map((name) => ({
        name,
        data_type: 'TYPE_FP32',
        dims: [4],
        allow_ragged_batch: true,
      })),
    },
    /\(ragged batches\)/,
  ],
  [
    'limited',
    {
      instance_group: [
        { count: 1, kind: 'KIND_CPU', rate_limiter: { resources: [{ name: 'R', count: 1 }] } },
      ],
    },
    /\(rate limiter\)/,
  ],
];

const inputs: readonly InputTensor[] = ['a', 'b'].map((name) => ({
  name,
  datatype: 'FP32',
  shape: [1, 4],
  data: new Float32Array(4),
}));

function serveUnsupported(): Promise<TestServer> {
  const model = addModel({ elements: 4 });
  return serve(
    {
      'add/1/model.onnx': model,
      ...Object.fromEntries(
        features.flatMap(([name, config]) => [
          [`${name}/1/model.onnx`, model],
          // JSON is YAML too.
          [`${name}/model.yaml`, JSON.stringify({ max_batch_size: 4, ...config })],
        ]),
      ),
    },
    { modelControlMode: 'explicit', loadModels: ['add', ...features.map(([name]) => name)] },
  );
}

async function assertNamed(called: Promise<unknown>, words: RegExp): Promise<void> {
  await assert.rejects(called, (thrown) => {
    assert.ok(thrown instanceof HeadwayError);
    assert.equal(thrown.code, 'unimplemented', thrown.message);
    assert.match(thrown.message, words);
    return true;
  });
}

test('what is not built is refused by name, over HTTP and gRPC', { timeout: 60_000 }, async () => {
  await using served = await serveUnsupported();
  using grpc = createOipGrpcClient({ url: served.server.urls.grpc });
  const clients: readonly OipClient[] = [served.client, grpc];
  for (const client of clients) {
    for (const [model, config, words] of features) {
      assert.equal(await client.isModelReady(model), false);
      await assertNamed(client.infer({ model, inputs }), words);
      await assertNamed(client.infer({ model, inputs, version: '1' }), words);
      await assertNamed(client.modelMetadata(model), words);
      await assertNamed(client.load('add', { config: { max_batch_size: 4, ...config } }), words);
    }
    for (const sequence_id of [7, 'a', 2n ** 64n - 1n]) {
      const parameters = { sequence_id, sequence_start: true };
      await assertNamed(client.infer({ model: 'add', inputs, parameters }), /^Sequences are not/);
    }
    const none = { sequence_id: 0, sequence_start: true, sequence_end: true };
    assert.equal((await client.infer({ model: 'add', inputs, parameters: none })).outputs.size, 1);
  }
});

test(
  'a stream tells of what is not built, or ends with its status',
  { timeout: 60_000 },
  async () => {
    await using served = await serveUnsupported();
    using grpc = createOipGrpcClient({ url: served.server.urls.grpc });
    const requests = [
      { model: 'add', inputs, parameters: { sequence_id: 7 } },
      ...features.map(([model]) => ({ model, inputs })),
      { model: 'add', inputs },
    ];
    const told: string[] = [];
    for await (const answer of grpc.streamInfer(requests)) {
      told.push(answer.kind === 'failure' ? answer.error.message : '');
    }
    assert.equal(told.length, requests.length);
    assert.match(told[0]!, /^Sequences are not supported/);
    for (const [index, [, , words]] of features.entries()) assert.match(told[index + 1]!, words);
    assert.equal(told.at(-1), '');

    await using raw = connectGrpc(served.server.urls.grpc);
    const path = '/inference.GRPCInferenceService/ModelStreamInfer';
    const call = raw.open(path, { triton_grpc_error: 'true' });
    const message = { modelVersion: '', id: '', inputs: new Map(), outputs: [], parameters: {} };
    call.send(Buffer.concat(encodeInferRequest({ ...message, modelName: 'decoupled' })));
    const { status, message: text } = await call.answer;
    assert.equal(status, 12);
    assert.match(text, /decoupled/);
  },
);
