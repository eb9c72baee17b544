import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelConfig } from '../config/model-config.ts';
import type { Batch, BatchRequest } from '../core/batch.ts';
import { type Datatype, datatypeBytes, datatypes } from '../core/datatype.ts';
import { HeadwayError } from '../core/error.ts';
import { type Shape, elementCount } from '../core/shape.ts';
import { type Tensor, encodeBytesElements } from '../core/tensor.ts';
import { floats, outputOf, plainModelConfig, requestOf, run } from '../testing/backend-runs.ts';
import type { BackendModel } from './backend.ts';

/** A model the suite needs; each implementation has its own way to come by one. */
export type ContractModel =
  /** `sum = a + b`, FP32 `[batch, 64]`. */
  | { readonly kind: 'add' }
  /** `output = input`; -1 in the shape is the batch. */
  | { readonly kind: 'identity'; readonly datatype: Datatype; readonly shape: readonly number[] }
  /** `value = table[index]`, INT64 `[batch]` to FP32 `[batch]`, for 0 to 7; fails otherwise. */
  | { readonly kind: 'lookup' }
  /** FP32 `input` `[batch, width]` to `output`; runs for seconds unless it is ended. */
  | { readonly kind: 'slow' };

/** What the suite is run on. */
export interface ContractSubject extends AsyncDisposable {
  load(model: ContractModel, config?: ModelConfig): Promise<BackendModel>;
  /** Loads what is not there. */
  loadMissing(): Promise<BackendModel>;
  /** Width of the slow model. */
  readonly slowWidth: number;
}

/** Compares tensors; a view and a copy of the same bytes are equal. */
function assertTensor(actual: Tensor, expected: Tensor): void {
  assert.equal(actual.datatype, expected.datatype);
  assert.deepEqual([...actual.shape], [...expected.shape]);
  assert.equal(
    Buffer.from(actual.data).toString('hex'),
    Buffer.from(expected.data).toString('hex'),
  );
}

function isHeadwayError(...codes: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof HeadwayError && codes.includes(error.code);
}

/** Bytes that are a valid tensor of a datatype and differ from element to element. */
function sampleTensor(datatype: Datatype, shape: Shape, seed = 1): Tensor {
  const count = elementCount(shape) ?? 0;
  const elementBytes = datatypeBytes[datatype];
  if (elementBytes === undefined) {
    const texts = Array.from({ length: count }, (_, at) => `ä\0${'x'.repeat((at * seed) % 7)}`);
    return { datatype, shape, data: encodeBytesElements(texts.map((text) => Buffer.from(text))) };
  }
  // Below 2 for BOOL, and never the bits of a NaN.
  const limit = datatype === 'BOOL' ? 2 : 100;
  const data = Uint8Array.from({ length: count * elementBytes }, (_, at) => (at * seed) % limit);
  return { datatype, shape, data };
}

/**
 * What every backend must do, whatever it runs.
 * @param name the implementation, for the names of the tests.
 * @param open makes a subject of its own for each test.
 */
export function backendContract(name: string, open: () => Promise<ContractSubject>): void {
  contractOfLoading(name, open);
  contractOfBatches(name, open);
  contractOfDatatypes(name, open);
  contractOfFailures(name, open);
}

function contractOfLoading(name: string, open: () => Promise<ContractSubject>): void {
  test(`${name}: load() reads the signature`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'add' });
    const brief = ({ inputs, outputs }: BackendModel['signature']): unknown =>
      [...inputs, ...outputs].map((spec) => [spec.name, spec.datatype, [...spec.shape]]);
    assert.deepEqual(brief(model.signature), [
      ['a', 'FP32', [-1, 64]],
      ['b', 'FP32', [-1, 64]],
      ['sum', 'FP32', [-1, 64]],
    ]);
  });

  test(`${name}: load() says that a model is missing`, async () => {
    await using subject = await open();
    await assert.rejects(subject.loadMissing(), isHeadwayError('not_found'));
  });

  test(`${name}: a model loaded for a count of instances says so, and answers at any`, async () => {
    await using subject = await open();
    const counts = [1, 2, 3, 64];
    for (const loadedCount of counts) {
      const config = configOfInstances(loadedCount);
      await using model = await subject.load({ kind: 'lookup' }, config);
      assert.equal(model.isLoadedFor(config), true);
      assert.equal(model.isLoadedFor(configOfInstances(loadedCount)), true);
      for (const count of counts) {
        await using instance = await model.createInstance(configOfInstances(count));
        const { items } = await run(instance, lookup(3));
        assertTensor(outputOf(items[0], 'value'), floats([1], [30]));
      }
    }
  });

  test(`${name}: a model whose instances are gone can be loaded again`, async () => {
    await using subject = await open();
    for (let round = 0; round < 3; round += 1) {
      await using model = await subject.load({ kind: 'lookup' });
      await using instance = await model.createInstance(plainModelConfig());
      const { items } = await run(instance, lookup(3));
      assertTensor(outputOf(items[0], 'value'), floats([1], [30]));
    }
  });
}

function configOfInstances(count: number): ModelConfig {
  return plainModelConfig({ instanceGroups: [{ name: 'model', count, kind: 'cpu', gpus: [] }] });
}

function lookup(...indices: readonly number[]): BatchRequest {
  const data = new Uint8Array(BigInt64Array.from(indices, BigInt).buffer);
  return requestOf({ index: { datatype: 'INT64', shape: [indices.length], data } }, 'value');
}

function addition(rowCount: number, start: number): BatchRequest {
  const values = Array.from({ length: rowCount * 64 }, (_, at) => start + at);
  const a = floats([rowCount, 64], values);
  const b = floats([rowCount, 64], values);
  return requestOf({ a, b }, 'sum');
}

function contractOfBatches(name: string, open: () => Promise<ContractSubject>): void {
  test(`${name}: a batch answers each request as if it were alone, in order`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'add' });
    await using instance = await model.createInstance(plainModelConfig());
    const requests = [addition(1, 0), addition(3, 1000), addition(2, -500)];
    const { items, timings } = await run(instance, ...requests);
    assert.equal(items.length, 3);
    for (const [index, request] of requests.entries()) {
      const alone = await run(instance, request);
      assertTensor(outputOf(items[index], 'sum'), outputOf(alone.items[0], 'sum'));
    }
    assertTensor(
      outputOf(items[1], 'sum'),
      floats(
        [3, 64],
        Array.from({ length: 192 }, (_, at) => 2 * (1000 + at)),
      ),
    );
    for (const spent of Object.values(timings)) assert.ok(spent >= 0);
  });

  test(`${name}: answers stay as they are when the instance runs again`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'add' });
    await using instance = await model.createInstance(plainModelConfig());
    const first = outputOf((await run(instance, addition(2, 7))).items[0], 'sum');
    const copy = { ...first, data: first.data.slice() };
    for (let round = 0; round < 20; round += 1) await run(instance, addition(2, round * 100));
    assertTensor(first, copy);
  });

  test(`${name}: batches of many sizes, growing and shrinking, keep their rows apart`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'lookup' });
    await using instance = await model.createInstance(plainModelConfig({ maxBatchSize: 64 }));
    for (const size of [1, 7, 2, 64, 1, 33, 8, 64, 3]) {
      const requests = Array.from({ length: size }, (_, at) => lookup(at % 8));
      const { items } = await run(instance, ...requests);
      for (const [at, item] of items.entries()) {
        assertTensor(outputOf(item, 'value'), floats([1], [(at % 8) * 10]));
      }
    }
  });

  test(`${name}: large rows come back whole, alone and joined, aligned or not`, async () => {
    await using subject = await open();
    const shape = [-1, 40_000];
    await using model = await subject.load({ kind: 'identity', datatype: 'UINT8', shape });
    await using instance = await model.createInstance(plainModelConfig());
    const aligned = sampleTensor('UINT8', [2, 40_000], 3);
    const shifted = new Uint8Array(aligned.data.byteLength + 1);
    shifted.set(aligned.data, 1);
    const unaligned = { ...aligned, data: shifted.subarray(1) };
    for (const tensors of [[aligned], [unaligned], [unaligned, aligned]]) {
      const requests = tensors.map((input) => requestOf({ input }, 'output'));
      const { items } = await run(instance, ...requests);
      for (const item of items) assertTensor(outputOf(item, 'output'), aligned);
    }
  });

  test(`${name}: two instances of a model run at the same time`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'add' });
    await using one = await model.createInstance(plainModelConfig());
    await using two = await model.createInstance(plainModelConfig());
    for (let round = 0; round < 20; round += 1) {
      const [left, right] = await Promise.all([
        run(one, addition(1, round)),
        run(two, addition(1, -round)),
      ]);
      const expected = (start: number): Tensor =>
        floats(
          [1, 64],
          Array.from({ length: 64 }, (_, at) => 2 * (start + at)),
        );
      assertTensor(outputOf(left.items[0], 'sum'), expected(round));
      assertTensor(outputOf(right.items[0], 'sum'), expected(-round));
    }
  });
}

function contractOfDatatypes(name: string, open: () => Promise<ContractSubject>): void {
  for (const datatype of datatypes) {
    test(`${name}: ${datatype} goes through bit for bit, alone and in a batch`, async () => {
      await using subject = await open();
      await using model = await subject.load({ kind: 'identity', datatype, shape: [-1, 3] });
      await using instance = await model.createInstance(plainModelConfig());
      const tensors = [
        sampleTensor(datatype, [1, 3], 1),
        sampleTensor(datatype, [2, 3], 5),
        sampleTensor(datatype, [1, 3], 3),
      ];
      const requests = tensors.map((input) => requestOf({ input }, 'output'));
      for (const [index, request] of requests.entries()) {
        const { items } = await run(instance, request);
        assertTensor(outputOf(items[0], 'output'), tensors[index]!);
      }
      const { items } = await run(instance, ...requests);
      for (const [index, item] of items.entries()) {
        assertTensor(outputOf(item, 'output'), tensors[index]!);
      }
    });

    test(`${name}: ${datatype} scalars and empty tensors go through`, async () => {
      await using subject = await open();
      const whole = plainModelConfig({ maxBatchSize: 0 });
      for (const [declared, shape] of [
        [[], []],
        [
          [-1, 3],
          [0, 3],
        ],
        [
          [-1, 3],
          [2, 3],
        ],
      ] as const) {
        await using model = await subject.load({ kind: 'identity', datatype, shape: declared });
        await using instance = await model.createInstance(whole);
        const input = sampleTensor(datatype, shape);
        const { items } = await run(instance, requestOf({ input }, 'output'));
        assertTensor(outputOf(items[0], 'output'), input);
      }
    });
  }
}

function contractOfFailures(name: string, open: () => Promise<ContractSubject>): void {
  test(`${name}: a run that fails leaves the instance and its neighbours well`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'lookup' });
    await using instance = await model.createInstance(plainModelConfig());
    await using neighbour = await model.createInstance(plainModelConfig());
    for (let round = 0; round < 5; round += 1) {
      const failing = async (): Promise<Tensor> =>
        outputOf((await run(instance, lookup(1000))).items[0], 'value');
      const [, well] = await Promise.all([
        assert.rejects(failing(), isHeadwayError('invalid_argument', 'internal')),
        run(neighbour, lookup(5)),
      ]);
      assertTensor(outputOf(well.items[0], 'value'), floats([1], [50]));
      const { items } = await run(instance, lookup(2), lookup(4));
      assertTensor(outputOf(items[0], 'value'), floats([1], [20]));
      assertTensor(outputOf(items[1], 'value'), floats([1], [40]));
    }
  });

  test(`${name}: a signal that is aborted already runs nothing`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'lookup' });
    await using instance = await model.createInstance(plainModelConfig());
    const batch: Batch = { requests: [lookup(1)] };
    await assert.rejects(
      async () => instance.execute(batch, AbortSignal.abort()),
      isHeadwayError('cancelled'),
    );
    const { items } = await run(instance, lookup(1));
    assertTensor(outputOf(items[0], 'value'), floats([1], [10]));
  });

  test(`${name}: aborting ends a run under way, and the instance runs again`, async () => {
    await using subject = await open();
    await using model = await subject.load({ kind: 'slow' });
    await using instance = await model.createInstance(plainModelConfig());
    const width = subject.slowWidth;
    const input = floats(
      [1, width],
      Array.from({ length: width }, () => 0.5),
    );
    for (let round = 0; round < 2; round += 1) {
      const controller = new AbortController();
      const requests = [requestOf({ input }, 'output')];
      const running = Promise.resolve(instance.execute({ requests }, controller.signal));
      setImmediate(() => controller.abort());
      await assert.rejects(running, isHeadwayError('cancelled'));
    }
  });
}
