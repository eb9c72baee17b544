import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ModelSpec } from '../backends/backend.ts';
import {
  type FakeBackend,
  type FakeModel,
  createFakeBackend,
} from '../backends/fake/fake-backend.ts';
import { HeadwayError } from '../core/error.ts';
import { silentLogger } from '../core/logger.ts';
import { decodeBytesElements } from '../core/tensor.ts';
import { createResponseCache } from '../scheduler/response-cache.ts';
import { fp32Tensor, fp32Values, inferRequest } from '../testing/infer-request.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { modelConfig } from '../testing/model-config.ts';
import { createOpenVersion } from './open-version.ts';
import type { ServedModel } from './served-model.ts';

const warmup = `model_warmup [{ name: "w" batch_size: 3 count: 2
  inputs { key: "x" value { data_type: TYPE_FP32 dims: [2] zero_data: true } } }]`;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-test-'));
  await mkdir(join(folder, '1'));
  await writeFile(join(folder, 'labels.txt'), 'zero\none\n');
});
after(() => rm(folder, { recursive: true }));

/** A backend with one model that doubles, `x` `[-1, 2]` to `y` of the same shape. */
function doubling(isLoadedFor: FakeModel['isLoadedFor'] = () => true): FakeBackend {
  const spec = (name: string) => ({ name, datatype: 'FP32', shape: [-1, 2] }) as const;
  return createFakeBackend({
    find: ({ name }) =>
      name === 'missing'
        ? undefined
        : {
            signature: { inputs: [spec('x')], outputs: [spec('y')] },
            isLoadedFor,
            compute(inputs) {
              const x = inputs.get('x')!;
              const values = fp32Values(x);
              if (values.includes(13)) throw new HeadwayError('invalid_argument', 'not 13');
              return new Map([
                [
                  'y',
                  fp32Tensor(
                    x.shape,
                    values.map((value) => 2 * value),
                  ),
                ],
              ]);
            },
          },
  });
}

function open(backend: FakeBackend, text = '', name = 'net'): Promise<ServedModel> {
  const config = modelConfig(`backend: "fake" ${text}`, name);
  const spec: ModelSpec = { name, version: 1, path: join(folder, '1'), config };
  return createOpenVersion({
    backends: new Map([['fake', backend]]),
    cache: createResponseCache({ maxBytes: 10_000 }),
    clock: createManualClock(),
    logger: silentLogger,
  })(spec);
}

const ask = (values: readonly number[]): ReturnType<typeof inferRequest> =>
  inferRequest({ modelName: 'net', inputs: new Map([['x', fp32Tensor([1, 2], values)]]) });

test('createOpenVersion() completes the config from the model and answers requests', async () => {
  const backend = doubling();
  const served = await open(backend);
  assert.deepEqual(served.metadata, {
    name: 'net',
    platform: 'fake',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
  });
  const { outputs, modelVersion, timings } = await served.infer(ask([1, 2]));
  assert.deepEqual([fp32Values(outputs.get('y')), modelVersion], [[2, 4], '1']);
  assert.equal(timings.cacheHit, false);
  await assert.rejects(served.infer(ask([13, 0])), { code: 'invalid_argument', message: 'not 13' });
  const { success, fail, inferenceCount } = served.statistics();
  assert.deepEqual([success.count, fail.count, inferenceCount], [1, 1, 2]);
  await served[Symbol.asyncDispose]();
  assert.deepEqual([backend.instanceCount, backend.modelCount], [0, 0]);
  await assert.rejects(served.infer(ask([1, 2])), { code: 'unavailable' });
});

test('createOpenVersion() runs the warm-up on every instance, before anyone is served', async () => {
  const backend = doubling();
  await using served = await open(
    backend,
    `max_batch_size: 4 instance_group [{ count: 2 }] ${warmup}`,
  );
  assert.equal(backend.batches.length, 4);
  assert.deepEqual(backend.batches[0]?.requests[0]?.inputs.get('x')?.shape, [3, 2]);
  assert.equal(served.statistics().inferenceCount, 0);
});

test('createOpenVersion() frees the model when anything on the way fails', async () => {
  const backend = doubling();
  const failing: [string, RegExp][] = [
    ['max_batch_size: 4 input [{ name: "z" data_type: TYPE_FP32 dims: [2] }]', /'z'/],
    [
      'max_batch_size: 4 output [{ name: "y" data_type: TYPE_FP32 dims: [2] label_filename: "none.txt" }]',
      /none\.txt/,
    ],
    [
      'max_batch_size: 4 output [{ name: "y" data_type: TYPE_FP32 dims: [2] label_filename: "../x" }]',
      /\.\.\/x/,
    ],
  ];
  for (const [text, message] of failing) {
    await assert.rejects(open(backend, text), { name: 'HeadwayError', message });
  }
  await assert.rejects(open(backend, '', 'missing'), { code: 'not_found' });
  assert.deepEqual([backend.instanceCount, backend.modelCount], [0, 0]);
});

test('createOpenVersion() names the backends there are when one is wanted that is not', async () => {
  const parts = {
    backends: new Map([['fake', doubling()]]),
    cache: undefined,
    clock: createManualClock(),
    logger: silentLogger,
  };
  const config = modelConfig('backend: "fak"');
  await assert.rejects(
    createOpenVersion(parts)({ name: 'net', version: 1, path: folder, config }),
    {
      code: 'invalid_argument',
      message: /'fak', which this server does not have; did you mean 'fake'\? It has: fake\./,
    },
  );
});

test('createServedModel() answers classes with the labels of the file', async () => {
  const labels =
    'max_batch_size: 4 output [{ name: "y" data_type: TYPE_FP32 dims: [2] label_filename: "labels.txt" }]';
  await using served = await open(doubling(), labels);
  const outputs = [{ name: 'y', classificationCount: 1 }];
  const answer = await served.infer({ ...ask([1, 5]), outputs });
  const texts = decodeBytesElements(answer.outputs.get('y')!.data)!.map(String);
  assert.equal(Buffer.from(texts.join().split(',').map(Number)).toString(), '10.000000:1:one');
});

test('createServedModel() asks the cache first where the config enables it', async () => {
  const backend = doubling();
  await using served = await open(backend, 'response_cache { enable: true }');
  await served.infer(ask([1, 2]));
  const again = await served.infer(ask([1, 2]));
  assert.deepEqual([again.timings.cacheHit, backend.batches.length], [true, 1]);
  assert.deepEqual(fp32Values(again.outputs.get('y')), [2, 4]);
  const { cacheHit, cacheMiss } = served.statistics();
  assert.deepEqual([cacheHit.count, cacheMiss.count], [1, 1]);
});

test('createServedModel() sends the model the shapes that reshape gives', async () => {
  const backend = doubling();
  await using served = await open(
    backend,
    `max_batch_size: 4
     input [{ name: "x" data_type: TYPE_FP32 dims: [1, 2] reshape { shape: [2] } }]
     output [{ name: "y" data_type: TYPE_FP32 dims: [2, 1] reshape { shape: [2] } }]`,
  );
  const inputs = new Map([['x', fp32Tensor([1, 1, 2], [3, 4])]]);
  const { outputs } = await served.infer(inferRequest({ modelName: 'net', inputs }));
  assert.deepEqual(backend.batches[0]?.requests[0]?.inputs.get('x')?.shape, [1, 2]);
  assert.deepEqual(outputs.get('y')?.shape, [1, 2, 1]);
});

test('createServedModel() changes its instances while a request runs, and drains at the end', async () => {
  const backend = doubling();
  const served = await open(backend, 'max_batch_size: 0 instance_group [{ count: 2 }]');
  backend.hold();
  const answers = [served.infer(ask([1, 1])), served.infer(ask([2, 2]))];
  while (backend.heldCount < 2) await new Promise((resolve) => setImmediate(resolve));
  const { config } = served;
  const instanceGroups = [{ ...config.instanceGroups[0]!, count: 1 }];
  const shrunk = served.setInstances({ ...config, instanceGroups });
  assert.equal(backend.instanceCount, 2);
  const disposed = served[Symbol.asyncDispose]();
  backend.release();
  await Promise.all([...answers, shrunk, disposed]);
  assert.deepEqual([backend.instanceCount, backend.modelCount], [0, 0]);
});

test('createServedModel() keeps statistics, cache and queue when its model is loaded again for more instances', async () => {
  const backend = doubling(() => false);
  await using served = await open(
    backend,
    `max_batch_size: 4 instance_group [{ count: 1 }] response_cache { enable: true } ${warmup}`,
  );
  await served.infer(ask([1, 2]));
  backend.hold();
  const running = served.infer(ask([3, 4]));
  while (backend.heldCount < 1) await new Promise((resolve) => setImmediate(resolve));
  const waiting = served.infer(ask([5, 6]));
  const { config } = served;
  const instanceGroups = [{ ...config.instanceGroups[0]!, count: 2 }];
  const grown = served.setInstances({ ...config, instanceGroups });
  // The warm-up of the new ones is held back too: the old one serves until they are warm.
  while (backend.heldCount < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([backend.modelCount, backend.instanceCount], [2, 3]);
  assert.deepEqual(served.config, config);
  backend.release();
  await Promise.all([running, waiting, grown]);
  while (backend.modelCount > 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([backend.modelCount, backend.instanceCount], [1, 2]);
  assert.deepEqual(served.config.instanceGroups, instanceGroups);
  const again = await served.infer(ask([1, 2]));
  assert.equal(again.timings.cacheHit, true);
  assert.deepEqual([served.statistics().success.count, served.statistics().cacheHit.count], [4, 1]);
});
