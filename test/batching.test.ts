import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { InferAnswer, InputTensor } from '../src/client/index.ts';
import { HeadwayError } from '../src/client/index.ts';
import {
  addModel,
  identityModel,
  lookupModel,
  rowSumModel,
} from '../src/testing/models/small-models.ts';
import { reluModel, row } from './support/models.ts';
import { type TestServer, serve } from './support/serve.ts';

/** A window that ends only when the batch is full: no test waits for it. */
const untilFull = (size: number): string =>
  `max_batch_size: ${size}\ndynamic_batching { max_queue_delay_microseconds: 100000000 }\n`;
const untilPreferred = (size: number): string =>
  `max_batch_size: 64\ndynamic_batching { preferred_batch_size: [${size}] max_queue_delay_microseconds: 100000000 }\n`;
const padded =
  'input [{ name: "input" data_type: TYPE_FP32 dims: [-1] pad_value: 0 }]\noutput [{ name: "output" data_type: TYPE_FP32 dims: [-1] }]\n';

let served: TestServer;
before(async () => {
  served = await serve({
    'add/1/model.onnx': addModel({ elements: 4 }),
    'add/config.pbtxt': untilFull(8),
    'preferred/1/model.onnx': addModel({ elements: 4 }),
    'preferred/config.pbtxt': untilPreferred(6),
    'words/1/model.onnx': identityModel('BYTES', [-1, 'count']),
    'words/config.pbtxt': untilFull(4),
    'shapes/1/model.onnx': rowSumModel(),
    'shapes/config.pbtxt': untilFull(3),
    'padded/1/model.onnx': reluModel(),
    'padded/config.pbtxt': untilFull(4) + padded,
    'alone/1/model.onnx': reluModel(),
    'mixed/1/model.onnx': reluModel(),
    'mixed/config.pbtxt': `max_batch_size: 16 instance_group [{ count: 2 }]\n${padded}`,
    'phrases/1/model.onnx': identityModel('BYTES', [-1, 'count']),
    'phrases/config.pbtxt': 'max_batch_size: 16 instance_group [{ count: 2 }]',
    'lookup/1/model.onnx': lookupModel(),
    'lookup/config.pbtxt': untilFull(8),
    'large/1/model.onnx': identityModel('FP32', [-1, 1024 * 64]),
    'large/config.pbtxt': untilFull(4),
  });
});
after(() => served[Symbol.asyncDispose]());

async function counts(model: string): Promise<{ requests: number; items: number; runs: number }> {
  const [statistics] = await served.client.statistics(model);
  const { inference_count: items, execution_count: runs, inference_stats } = statistics!;
  return { requests: inference_stats['success']!.count, items, runs };
}

const floats = (answer: InferAnswer, output: string): number[] => [
  ...(answer.outputs.get(output)!.data as Float32Array),
];

function add(model: string, base: number, rowCount = 1): Promise<InferAnswer> {
  const tensor = (name: string, from: number): InputTensor => ({
    name,
    datatype: 'FP32',
    shape: [rowCount, 4],
    data: Float32Array.from({ length: rowCount * 4 }, (_, index) => from + index),
  });
  return served.client.infer({ model, inputs: [tensor('a', base), tensor('b', 1000)] });
}

describe('requests that come together', () => {
  test('run as one batch, and each gets its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => add('add', index * 10)),
    );
    for (const [index, answer] of answers.entries()) {
      const base = index * 10 + 1000;
      assert.deepEqual(floats(answer, 'sum'), [base, base + 2, base + 4, base + 6]);
    }
    assert.deepEqual(await counts('add'), { requests: 8, items: 8, runs: 1 });
    assert.equal(await served.metric('nv_inference_exec_count', { model: 'add' }), 1);
    assert.equal(await served.metric('headway_batch_size_count', { model: 'add' }), 1);
    assert.equal(await served.metric('headway_batch_size_sum', { model: 'add' }), 8);
  });

  test('of several rows each are counted by rows and never split', async () => {
    const answers = await Promise.all(
      [3, 3, 2].map((rowCount, index) => add('add', index, rowCount)),
    );
    for (const [index, answer] of answers.entries()) {
      const shape = [
        [3, 4],
        [3, 4],
        [2, 4],
      ][index];
      assert.deepEqual(answer.outputs.get('sum')!.shape, shape);
      assert.equal(floats(answer, 'sum')[0], index + 1000);
    }
    const { runs } = await counts('add');
    assert.equal(runs, 2);
    const [statistics] = await served.client.statistics('add');
    assert.deepEqual(
      statistics!.batch_stats.map(({ batch_size, compute_infer }) => [
        batch_size,
        compute_infer.count,
      ]),
      [[8, 2]],
    );
  });

  test('go as soon as a preferred size is reached', async () => {
    await Promise.all(Array.from({ length: 6 }, (_, index) => add('preferred', index)));
    assert.deepEqual(await counts('preferred'), { requests: 6, items: 6, runs: 1 });
  });

  test('join strings of different lengths', async () => {
    const texts = [
      ['', 'a'],
      ['one', 'two'],
      ['longer than the others', ''],
      ['ß', '日本'],
    ];
    const answers = await Promise.all(
      texts.map((data) =>
        served.client.infer({
          model: 'words',
          inputs: [{ name: 'input', datatype: 'BYTES', shape: [1, 2], data }],
        }),
      ),
    );
    const got = answers.map(({ outputs }) =>
      (outputs.get('output')!.data as Uint8Array[]).map((one) => Buffer.from(one).toString()),
    );
    assert.deepEqual(got, texts);
    assert.equal((await counts('words')).runs, 1);
  });

  test('join tensors too large to be copied, too', async () => {
    const values = [1, 2, 3, 4].map((value) => new Float32Array(1024 * 64).fill(value));
    const answers = await Promise.all(
      values.map((data) =>
        served.client.infer({
          model: 'large',
          inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 1024 * 64], data }],
        }),
      ),
    );
    for (const [index, answer] of answers.entries()) {
      assert.ok(floats(answer, 'output').every((value) => value === index + 1));
    }
    assert.equal((await counts('large')).runs, 1);
  });
});

describe('requests of different shapes', () => {
  test('do not block each other: each shape fills its own batch', async () => {
    const lengths = [2, 5, 2, 5, 2, 5];
    const answers = await Promise.all(
      lengths.map((length, index) =>
        served.client.infer({
          model: 'shapes',
          inputs: [
            row(
              'values',
              Array.from({ length }, () => index + 1),
            ),
          ],
        }),
      ),
    );
    assert.deepEqual(
      answers.map((answer) => floats(answer, 'total')[0]),
      lengths.map((length, index) => length * (index + 1)),
    );
    assert.deepEqual(await counts('shapes'), { requests: 6, items: 6, runs: 2 });
  });

  test('share a batch where a pad value is declared, with the answers they get alone', async () => {
    const inputs = [[1], [-1, 2, 3], [4, -5], [6, 7, -8, 9, 10]].map((values) => [
      row('input', values),
    ]);
    const together = await Promise.all(
      inputs.map((one) => served.client.infer({ model: 'padded', inputs: one })),
    );
    for (const [index, answer] of together.entries()) {
      const alone = await served.client.infer({ model: 'alone', inputs: inputs[index]! });
      assert.deepEqual(answer.outputs, alone.outputs);
    }
    assert.deepEqual(await counts('padded'), { requests: 4, items: 4, runs: 1 });
  });
});

describe('a request that makes a run fail', () => {
  const lookup = (index: bigint): Promise<number[] | string> =>
    served.client
      .infer({
        model: 'lookup',
        inputs: [{ name: 'index', datatype: 'INT64', shape: [1], data: BigInt64Array.of(index) }],
      })
      .then(
        (answer) => floats(answer, 'value'),
        (error: unknown) => (error instanceof HeadwayError ? error.code : String(error)),
      );

  test('harms no other in its batch', async () => {
    const answers = await Promise.all([0n, 1n, 2n, 99n, 4n, 5n, 6n, 7n].map(lookup));
    assert.deepEqual(answers, [[0], [10], [20], 'invalid_argument', [40], [50], [60], [70]]);
    const [statistics] = await served.client.statistics('lookup');
    assert.equal(statistics!.inference_stats['success']!.count, 7);
    assert.equal(statistics!.inference_stats['fail']!.count, 1);
    assert.equal(statistics!.inference_count, 7);
  });

  test('tells the same to all of a batch that is bad through and through', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => lookup(-99n)));
    assert.deepEqual(new Set(answers), new Set(['invalid_argument']));
    const good = await Promise.all(Array.from({ length: 8 }, (_, index) => lookup(BigInt(index))));
    assert.deepEqual(good.flat(), [0, 10, 20, 30, 40, 50, 60, 70]);
  });
});

test('without a window a request that is alone is answered alone', async () => {
  const answer = await served.client.infer({ model: 'alone', inputs: [row('input', [-1, 1])] });
  assert.deepEqual(floats(answer, 'output'), [0, 1]);
});

describe('any mixture of requests, many at a time,', () => {
  const sizes = { rows: fc.integer({ min: 1, max: 5 }), columns: fc.integer({ min: 0, max: 40 }) };

  test('is answered as each would be alone, padded or not', async () => {
    const anyRequest = fc.record({ ...sizes, seed: fc.integer({ min: -100, max: 100 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest, { maxLength: 60 }), async (requests) => {
        const answers = await Promise.all(
          requests.map(({ rows, columns, seed }) => {
            const data = Float32Array.from({ length: rows * columns }, (_, at) => seed + at);
            const shape = [rows, columns];
            const inputs = [{ name: 'input', datatype: 'FP32', shape, data } as const];
            return served.client.infer({ model: 'mixed', inputs });
          }),
        );
        for (const [index, { rows, columns, seed }] of requests.entries()) {
          const { shape, data } = answers[index]!.outputs.get('output')!;
          const expected = Array.from({ length: rows * columns }, (_, at) =>
            Math.max(0, seed + at),
          );
          assert.deepEqual([shape, [...data]], [[rows, columns], expected]);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('comes back exactly as it was sent, strings of any length included', async () => {
    const anyRequest = fc.integer({ min: 0, max: 3 }).chain((columns) =>
      fc.array(
        fc.array(fc.string({ maxLength: 20, unit: 'binary' }), {
          minLength: columns,
          maxLength: columns,
        }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest, { maxLength: 40 }), async (requests) => {
        const answers = await Promise.all(
          requests.map((rows) => {
            const shape = [rows.length, rows[0]!.length];
            const inputs = [
              { name: 'input', datatype: 'BYTES', shape, data: rows.flat() } as const,
            ];
            return served.client.infer({ model: 'phrases', inputs });
          }),
        );
        const got = answers.map(({ outputs }) =>
          (outputs.get('output')!.data as Uint8Array[]).map((bytes) =>
            Buffer.from(bytes).toString(),
          ),
        );
        assert.deepEqual(
          got,
          requests.map((rows) => rows.flat().map((text) => Buffer.from(text).toString())),
        );
      }),
      { numRuns: 25 },
    );
  });
});
