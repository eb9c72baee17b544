import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Backend } from '../src/backends/backend.ts';
import {
  floats,
  plainModelConfig,
  plainModelSpec,
  requestOf,
  run,
} from '../src/testing/backend-runs.ts';
import { createOnnxRuntimeBackend } from '../src/backends/onnxruntime/onnxruntime-backend.ts';
import type { BatchRequest } from '../src/core/batch.ts';
import { silentLogger } from '../src/core/logger.ts';
import { koffi } from '../src/native/koffi.ts';
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

const collectAll = exposedCollector();

function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** What one moment is compared by with another. */
interface MemorySample {
  /** Memory of this process beside JavaScript's own heap, which settles when it sees fit. */
  readonly residentBytes: number;
  /** What native code has allocated and not freed; 0 where the C library does not tell. */
  readonly allocatedBytes: number;
}

const readAllocatedBytes = allocationReader();

/** Source: mallinfo2(3) of glibc 2.33 and later. */
function allocationReader(): () => number {
  try {
    const fields =
      'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'.split(' ');
    const type = koffi.struct(Object.fromEntries(fields.map((field) => [field, 'size_t'])));
    const read = koffi.load(null).func('mallinfo2', type, []) as () => Record<string, number>;
    return () => {
      const { uordblks = 0, hblkhd = 0 } = read();
      return uordblks + hblkhd;
    };
  } catch {
    return () => 0;
  }
}

/** The least of a few looks: what JavaScript let go of is freed by other threads, a moment later. */
async function sampleMemory(): Promise<MemorySample> {
  const looks: MemorySample[] = [];
  for (let look = 0; look < 8; look += 1) {
    collectAll();
    await setImmediate();
    const { rss, heapTotal } = process.memoryUsage();
    looks.push({ residentBytes: rss - heapTotal, allocatedBytes: readAllocatedBytes() });
  }
  return {
    residentBytes: Math.min(...looks.map(({ residentBytes }) => residentBytes)),
    allocatedBytes: Math.min(...looks.map(({ allocatedBytes }) => allocatedBytes)),
  };
}

/**
 * Checks what memory grew by in the middle one of three windows of cycles, that come after those it
 * settles in: allocators and caches take and give now and then, a leak takes in every window. The
 * least that malloc takes for anything is 32 bytes, so one object a cycle is noticed.
 */
async function assertFlat(
  cycle: () => Promise<void>,
  counts: { readonly settling: number; readonly measured: number },
): Promise<void> {
  for (let round = 0; round < counts.settling; round += 1) await cycle();
  const samples = [await sampleMemory()];
  for (let window = 0; window < 3; window += 1) {
    for (let round = 0; round < counts.measured; round += 1) await cycle();
    samples.push(await sampleMemory());
  }
  const growths = (of: (sample: MemorySample) => number): number[] =>
    samples.slice(1).map((sample, at) => of(sample) - of(samples[at]!));
  const resident = growths(({ residentBytes }) => residentBytes);
  const allocated = growths(({ allocatedBytes }) => allocatedBytes);
  const words = `in windows of ${counts.measured}: resident ${resident.join(', ')}, allocated ${allocated.join(', ')} bytes`;
  console.log(words);
  // Pages come and go with the heap's: what is not malloc's is seen only where much of it is lost.
  assert.ok(median(resident) < 10 * megabyte, words);
  assert.ok(median(allocated) < 30 * counts.measured, words);
}

function median([first = 0, second = 0, third = 0]: readonly number[]): number {
  return first + second + third - Math.max(first, second, third) - Math.min(first, second, third);
}

test('10,000 cycles of load, run and unload leave the memory of the process flat', async () => {
  const cycle = async (): Promise<void> => {
    await using model = await backend.load(plainModelSpec(folder));
    await using instance = await model.createInstance(plainModelConfig());
    await run(instance, addition());
  };
  await assertFlat(cycle, { settling: 4000, measured: 2000 });
});

test('140,000 runs leave the memory of the process flat', async () => {
  await using model = await backend.load(plainModelSpec(folder));
  await using instance = await model.createInstance(plainModelConfig());
  const batches = [1, 2, 5].map((count) => Array.from({ length: count }, addition));
  let round = 0;
  const cycle = async (): Promise<void> => {
    await run(instance, ...(batches[(round += 1) % batches.length] ?? []));
  };
  await assertFlat(cycle, { settling: 20_000, measured: 40_000 });
});
