import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidArgument } from '../../core/error.ts';
import type { NamedTensors, Tensor } from '../../core/tensor.ts';
import {
  floats,
  outputOf,
  plainModelConfig,
  plainModelSpec,
  requestOf,
  run,
} from '../../testing/backend-runs.ts';
import { type ContractModel, type ContractSubject, backendContract } from '../contract.ts';
import { type FakeModel, createFakeBackend } from './fake-backend.ts';

const wide = { datatype: 'FP32', shape: [-1, 64] } as const;

function inputOf(inputs: NamedTensors, name: string): Tensor {
  const tensor = inputs.get(name);
  assert.ok(tensor !== undefined);
  return tensor;
}

function identityOf(
  name: string,
  datatype: Tensor['datatype'],
  shape: readonly number[],
): FakeModel {
  return {
    signature: {
      inputs: [{ name: 'input', datatype, shape }],
      outputs: [{ name, datatype, shape }],
    },
    compute: (inputs) => new Map([[name, inputOf(inputs, 'input')]]),
  };
}

function fakeModel(model: ContractModel): FakeModel {
  switch (model.kind) {
    case 'identity':
      return identityOf('output', model.datatype, model.shape);
    case 'slow':
      return identityOf('output', 'FP32', [-1, 4]);
    case 'add':
      return {
        signature: {
          inputs: [
            { name: 'a', ...wide },
            { name: 'b', ...wide },
          ],
          outputs: [{ name: 'sum', ...wide }],
        },
        compute(inputs) {
          const [a, b] = [inputOf(inputs, 'a'), inputOf(inputs, 'b')];
          const right = new Float32Array(b.data.slice().buffer);
          const left = new Float32Array(a.data.slice().buffer);
          return new Map([
            [
              'sum',
              floats(
                a.shape,
                left.map((value, at) => value + right[at]!),
              ),
            ],
          ]);
        },
      };
    case 'lookup':
      return {
        signature: {
          inputs: [{ name: 'index', datatype: 'INT64', shape: [-1] }],
          outputs: [{ name: 'value', datatype: 'FP32', shape: [-1] }],
        },
        compute(inputs) {
          const { shape, data } = inputOf(inputs, 'index');
          const indices = [...new BigInt64Array(data.slice().buffer)].map(Number);
          if (indices.some((index) => index > 7)) throw invalidArgument('An index is too large.');
          return new Map([
            [
              'value',
              floats(
                shape,
                indices.map((index) => index * 10),
              ),
            ],
          ]);
        },
      };
    default:
      return model satisfies never;
  }
}

async function openFake(): Promise<ContractSubject> {
  let next: FakeModel | undefined;
  const backend = createFakeBackend({ find: () => next });
  return {
    slowWidth: 4,
    async load(model, config) {
      next = fakeModel(model);
      if (model.kind === 'slow') backend.hold();
      return backend.load(plainModelSpec('anywhere', config));
    },
    async loadMissing() {
      next = undefined;
      return backend.load(plainModelSpec('anywhere'));
    },
    async [Symbol.asyncDispose]() {
      assert.equal(backend.instanceCount, 0);
      assert.equal(backend.modelCount, 0);
    },
  };
}

backendContract('fake backend', openFake);

test('createFakeBackend() holds runs back until they are let go', async () => {
  const backend = createFakeBackend({ find: () => identityOf('output', 'FP32', [-1]) });
  await using model = await backend.load(plainModelSpec('anywhere'));
  await using instance = await model.createInstance(plainModelConfig());
  backend.hold();
  const input = floats([1], [4]);
  const running = run(instance, requestOf({ input }, 'output'));
  assert.equal(backend.heldCount, 1);
  assert.equal(backend.batches.length, 1);
  await assert.rejects(run(instance, requestOf({ input }, 'output')), TypeError);
  backend.release();
  const { items } = await running;
  assert.equal(outputOf(items[0], 'output'), input);
  assert.equal(backend.heldCount, 0);
});
