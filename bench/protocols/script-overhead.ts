import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  plainModelConfig,
  plainModelSpec,
  floats,
  requestOf,
} from '../../src/backends/contract.ts';
import { createScriptBackend } from '../../src/backends/script/script-backend.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { median } from '../lib/quantile.ts';
import { type BenchRow, progress } from '../lib/report.ts';

const callCount = 3000;
const script = `
  const spec = { datatype: 'FP32', shape: [-1, 64] };
  export const signature = {
    inputs: [{ name: 'x', ...spec }],
    outputs: [{ name: 'y', ...spec }],
  };
  export const execute = (requests) => requests.map(({ inputs: { x } }) => ({ y: double(x) }));
  ${double.toString()}`;

/** What a call of a script costs beyond the same function in this process: 64 floats each way. */
export async function benchScriptOverhead(): Promise<BenchRow> {
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
    const x = floats([1, 64], Array.from({ length: 64 }, Math.fround));
    const { signal } = new AbortController();
    const batch = { requests: [requestOf({ x }, 'y')] };
    const calledUs = await medianUs(async () => void (await instance.execute(batch, signal)));
    const inProcessUs = await medianUs(async () => void double(x));
    const value = Math.round(calledUs - inProcessUs);
    const detail = `p50 ${Math.round(calledUs)} µs, in process ${inProcessUs.toFixed(1)} µs`;
    return { name: 'scriptOverheadUs', value, bar: '', isMet: undefined, detail };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function double({ datatype, shape, data }: ReturnType<typeof floats>): ReturnType<typeof floats> {
  const values = new Float32Array(data.slice().buffer).map((value) => 2 * value);
  return { datatype, shape, data: new Uint8Array(values.buffer) };
}

async function medianUs(call: () => Promise<void>): Promise<number> {
  const spentUs: number[] = [];
  for (let count = 0; count < callCount; count += 1) {
    const startMs = performance.now();
    await call();
    spentUs.push(1000 * (performance.now() - startMs));
  }
  return median(spentUs.slice(callCount / 5));
}
