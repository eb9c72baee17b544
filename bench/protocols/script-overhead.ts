import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  plainModelConfig,
  plainModelSpec,
  floats,
  requestOf,
} from '../../src/testing/backend-runs.ts';
import type { BackendInstance } from '../../src/backends/backend.ts';
import { createScriptBackend } from '../../src/backends/script/script-backend.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { median } from '../lib/quantile.ts';
import { type BenchRow, progress } from '../lib/report.ts';

const rounds = [
  { name: 'scriptOverheadUs', size: '64 floats', width: 64, callCount: 3000 },
  { name: 'scriptOverheadUs64KiB', size: '64 KiB', width: 2 ** 14, callCount: 1500 },
  { name: 'scriptOverheadUs1MiB', size: '1 MiB', width: 2 ** 18, callCount: 300 },
] as const;

const script = `
  const spec = { datatype: 'FP32', shape: [-1, -1] };
  export const signature = {
    inputs: [{ name: 'x', ...spec }],
    outputs: [{ name: 'y', ...spec }],
  };
  export const execute = (requests) => requests.map(({ inputs: { x } }) => ({ y: double(x) }));
  ${double.toString()}`;

/** What a call of a script costs beyond the same function in this process, by size each way. */
export async function benchScriptOverhead(): Promise<BenchRow[]> {
  progress('script: the same function in its process and in this one');
  const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  try {
    await writeFile(join(folder, 'model.js'), script);
    const backend = createScriptBackend({
      isAllowed: true,
      mainPath: join(import.meta.dirname, '../../src/backends/script/process/main.ts'),
      callModel: () => Promise.reject(new TypeError('there is no other model')),
      clock: createSystemClock(),
      logger: silentLogger,
    });
    await using model = await backend.load(plainModelSpec(folder));
    await using instance = await model.createInstance(plainModelConfig());
    const rows: BenchRow[] = [];
    for (const round of rounds) rows.push(await measure(instance, round));
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(
  instance: BackendInstance,
  { name, size, width, callCount }: (typeof rounds)[number],
): Promise<BenchRow> {
  const x = floats(
    [1, width],
    Float32Array.from({ length: width }, (_, at) => at),
  );
  const { signal } = new AbortController();
  const batch = { requests: [requestOf({ x }, 'y')] };
  const calledUs = await medianUs(
    callCount,
    async () => void (await instance.execute(batch, signal)),
  );
  const inProcessUs = await medianUs(callCount, async () => void double(x));
  const value = Math.round(calledUs - inProcessUs);
  const detail = `${size} each way: p50 ${Math.round(calledUs)} µs, in process ${inProcessUs.toFixed(1)} µs`;
  return { name, value, bar: '', isMet: undefined, detail };
}

function double({ datatype, shape, data }: ReturnType<typeof floats>): ReturnType<typeof floats> {
  const values = new Float32Array(data.slice().buffer).map((value) => 2 * value);
  return { datatype, shape, data: new Uint8Array(values.buffer) };
}

async function medianUs(callCount: number, call: () => Promise<void>): Promise<number> {
  const spentUs: number[] = [];
  for (let count = 0; count < callCount; count += 1) {
    const startMs = performance.now();
    await call();
    spentUs.push(1000 * (performance.now() - startMs));
  }
  return median(spentUs.slice(callCount / 5));
}
