import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Backend } from '../src/backends/backend.ts';
import {
  floats,
  plainModelConfig,
  plainModelSpec,
  requestOf,
  run,
} from '../src/backends/contract.ts';
import { createOnnxRuntimeBackend } from '../src/backends/onnxruntime/onnxruntime-backend.ts';
import type { BatchRequest } from '../src/core/batch.ts';
import { silentLogger } from '../src/core/logger.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { writeModel } from '../src/testing/models/write-model.ts';

const megabyte = 1024 ** 2;

let folder = '';
let backend: Backend;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-leak-'));
  await writeModel(path.join(folder, 'model.onnx'), addModel());
  backend = createOnnxRuntimeBackend({ libraryPath: undefined, logger: silentLogger });
});

after(async () => {
  await backend[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function addition(): BatchRequest {
  const values = Array.from({ length: 64 }, (_, at) => at);
  return requestOf({ a: floats([1, 64], values), b: floats([1, 64], values) }, 'sum');
}

/** How much the process grew over `count` cycles that came after as many as memory needs to settle. */
async function growthBytes(
  cycle: () => Promise<void>,
  counts: { readonly settling: number; readonly measured: number },
): Promise<number> {
  for (let round = 0; round < counts.settling; round += 1) await cycle();
  const settledBytes = process.memoryUsage.rss();
  for (let round = 0; round < counts.measured; round += 1) await cycle();
  return process.memoryUsage.rss() - settledBytes;
}

test('10,000 cycles of load, run and unload leave the memory of the process flat', async () => {
  const cycle = async (): Promise<void> => {
    await using model = await backend.load(plainModelSpec(folder));
    await using instance = await model.createInstance(plainModelConfig());
    await run(instance, addition());
  };
  const growth = await growthBytes(cycle, { settling: 2000, measured: 8000 });
  console.log(`load, run, unload: ${(growth / megabyte).toFixed(1)} MB in 8,000 cycles`);
  // A session that is not freed takes about 69 kB, 554 MB in all. The allocator's own drift was
  // seen to reach 14 MB, so less than 4 kB a cycle goes unnoticed.
  assert.ok(growth < 32 * megabyte, `the process grew by ${growth} bytes`);
});

test('140,000 runs leave the memory of the process flat', async () => {
  await using model = await backend.load(plainModelSpec(folder));
  await using instance = await model.createInstance(plainModelConfig());
  const batches = [1, 2, 5].map((count) => Array.from({ length: count }, addition));
  let round = 0;
  const cycle = async (): Promise<void> => {
    await run(instance, ...(batches[(round += 1) % batches.length] ?? []));
  };
  // The heap may grow once by more than a small leak would; a leak grows on every time.
  const growths: number[] = [];
  for (const settling of [20_000, 0, 0]) {
    growths.push(await growthBytes(cycle, { settling, measured: 40_000 }));
  }
  const growth = Math.min(...growths);
  console.log(`runs: ${(growth / megabyte).toFixed(1)} MB in 40,000 runs`);
  assert.ok(growth < 4 * megabyte, `the process grew by ${growths.join(', ')} bytes`);
});
