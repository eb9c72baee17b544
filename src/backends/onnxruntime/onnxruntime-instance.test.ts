import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { BatchRequest } from '../../core/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { misdeclaredModel } from '../../testing/models/small-models.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import type { BackendInstance } from '../backend.ts';
import {
  floats,
  outputOf,
  plainModelConfig,
  plainModelSpec,
  requestOf,
  run,
} from '../../testing/backend-runs.ts';
import { createOnnxRuntimeBackend } from './onnxruntime-backend.ts';

/** Calls with an instance of the misdeclared model. */
async function withInstance(use: (instance: BackendInstance) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-instance-'));
  await writeModel(path.join(folder.path, 'model.onnx'), misdeclaredModel());
  await using backend = createOnnxRuntimeBackend({ libraryPath: undefined, logger: silentLogger });
  await using model = await backend.load(plainModelSpec(folder.path));
  await using instance = await model.createInstance(plainModelConfig());
  await use(instance);
}

/** Asks for the first `count` columns of rows that count up from `start`. */
function request(rowCount: number, count: number, start = 0): BatchRequest {
  const values = Array.from({ length: rowCount * 4 }, (_, at) => start + at);
  const data = new Uint8Array(new BigInt64Array(rowCount).fill(BigInt(count)).buffer);
  const counts = { datatype: 'INT64', shape: [rowCount], data } as const;
  return requestOf({ rows: floats([rowCount, 4], values), count: counts }, 'head', 'negated');
}

test('an output whose shape is not the declared one is answered in its real shape', async () => {
  await withInstance(async (instance) => {
    // Often enough that runs happen on the event loop, too.
    for (let round = 0; round < 50; round += 1) {
      for (const count of [4, 3, 1]) {
        const { items } = await run(instance, request(2, count));
        const expected = [0, 1, 2, 3, 4, 5, 6, 7].filter((value) => value % 4 < count);
        assert.deepEqual(outputOf(items[0], 'head'), {
          ...floats([2, count], expected),
          data: Buffer.from(Float32Array.from(expected).buffer),
        });
        assert.deepEqual(outputOf(items[0], 'negated').shape, [2, count]);
      }
    }
  });
});

test('an output whose shape is not the declared one is cut into the answers of a batch', async () => {
  await withInstance(async (instance) => {
    const { items } = await run(instance, request(1, 2), request(2, 2, 100));
    assert.deepEqual(
      items.map((item) => {
        const { shape, data } = outputOf(item, 'head');
        return [shape, [...new Float32Array(Uint8Array.from(data).buffer)]];
      }),
      [
        [
          [1, 2],
          [0, 1],
        ],
        [
          [2, 2],
          [100, 101, 104, 105],
        ],
      ],
    );
  });
});

test('an abort ends the second run of a batch as it does the first', async () => {
  await withInstance(async (instance) => {
    await assert.rejects(
      async () => instance.execute({ requests: [request(1, 2)] }, AbortSignal.abort()),
      { code: 'cancelled' },
    );
    const { items } = await run(instance, request(1, 2));
    assert.deepEqual(outputOf(items[0], 'head').shape, [1, 2]);
  });
});
