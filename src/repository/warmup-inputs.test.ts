import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WarmupData, WarmupInput } from '../config/model-config.ts';
import { emptyModelConfig } from '../config/model/parse-model-config.ts';
import { type Datatype, datatypes } from '../core/datatype.ts';
import { HeadwayError } from '../core/error.ts';
import { encodeBytesElements, tensorByteLength } from '../core/tensor.ts';
import { warmupInputs } from './warmup-inputs.ts';

const config = {
  ...emptyModelConfig({ modelName: 'm', file: '-', defaultMaxQueueSize: 1, warn: assert.fail }),
  maxBatchSize: 4,
};
const input = (datatype: Datatype, data: WarmupData): WarmupInput => ({
  name: 'x',
  datatype,
  dims: [2],
  data,
});
const specAt = (folder: string) => ({ name: 'm', version: 1, path: join(folder, '1'), config });

test('warmupInputs() makes zero and random data of every datatype', async () => {
  for (const datatype of datatypes) {
    for (const kind of ['zero', 'random'] as const) {
      const warmup = { name: 'w', batchSize: 3, count: 1, inputs: [input(datatype, { kind })] };
      const tensor = (await warmupInputs(specAt('/'), config, warmup)).get('x');
      assert.deepEqual(tensor?.shape, [3, 2]);
      assert.equal(tensor?.data.byteLength, tensorByteLength(datatype, [3, 2]) ?? 6 * 4);
    }
  }
  const inputs = [input('FP32', { kind: 'random' })];
  const random = await warmupInputs(specAt('/'), config, {
    name: 'w',
    batchSize: 4,
    count: 1,
    inputs,
  });
  const values = new Float32Array(random.get('x')?.data.buffer ?? assert.fail());
  assert.ok(values.every((value) => value >= 0 && value < 1) && new Set(values).size > 4);
});

test('warmupInputs() reads a file for one item or for the batch', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'warmup-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'warmup'));
  await mkdir(join(folder, '1'));
  await writeFile(join(folder, 'outside'), new Uint8Array(4));
  const read = async (datatype: Datatype, bytes: Uint8Array, name = 'x.bin') => {
    await writeFile(join(folder, 'warmup', 'x.bin'), bytes);
    const inputs = [input(datatype, { kind: 'file', name })];
    const warmup = { name: 'w', batchSize: 2, count: 1, inputs };
    return (await warmupInputs(specAt(folder), config, warmup)).get('x')?.data;
  };
  assert.deepEqual(
    new Uint8Array((await read('UINT8', Uint8Array.of(1, 2))) ?? []),
    Uint8Array.of(1, 2, 1, 2),
  );
  assert.deepEqual(
    new Uint8Array((await read('UINT8', Uint8Array.of(1, 2, 3, 4))) ?? []),
    Uint8Array.of(1, 2, 3, 4),
  );
  const strings = encodeBytesElements([Uint8Array.of(65), Uint8Array.of()]);
  assert.equal((await read('BYTES', strings))?.byteLength, 2 * strings.byteLength);
  const isHeadwayError = (error: unknown): boolean => error instanceof HeadwayError;
  await assert.rejects(read('UINT8', Uint8Array.of(1, 2, 3)), isHeadwayError);
  await assert.rejects(read('FP32', Uint8Array.of(1, 2, 3)), isHeadwayError);
  await assert.rejects(read('BYTES', Uint8Array.of(9)), isHeadwayError);
  await assert.rejects(read('UINT8', Uint8Array.of(1), '../outside'), isHeadwayError);
  await assert.rejects(read('UINT8', Uint8Array.of(1), 'missing'), isHeadwayError);
});
