import assert from 'node:assert/strict';
import { mkdtempDisposable, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { type TestContext, after, before, test } from 'node:test';
import type { OnnxModel } from '../../formats/onnx/model.ts';
import {
  type OnnxRuntimeEnvironment,
  createOnnxRuntimeEnvironment,
} from '../../native/onnxruntime/environment.ts';
import { loadOnnxRuntimeLibrary } from '../../native/onnxruntime/load-library.ts';
import { createFileLeaser } from '../../native/file-lease.ts';
import { isMapped } from '../../native/mapped-files.ts';
import type { OnnxRuntimeSession } from '../../native/onnxruntime/session.ts';
import { floats, outputOf, plainModelConfig, requestOf, run } from '../../testing/backend-runs.ts';
import { denseModel, lookupModel } from '../../testing/models/small-models.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import { checkModel, loadSession } from './load-session.ts';
import { createOnnxRuntimeInstance } from './onnxruntime-instance.ts';

const size = 520;
const leaseFile = createFileLeaser();
const settings = { graphLevel: 'all', intraOpThreads: 1 } as const;

let environment: OnnxRuntimeEnvironment;

before(async () => {
  environment = await createOnnxRuntimeEnvironment(loadOnnxRuntimeLibrary(undefined), 'fatal');
});

after(() => environment[Symbol.dispose]());

async function inFolder(
  model: OnnxModel,
  use: (place: string, folder: string) => Promise<void>,
): Promise<void> {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-session-'));
  const place = path.join(folder.path, 'model.onnx');
  await writeModel(place, model);
  await use(place, folder.path);
}

/** The third row of the weights. */
async function thirdRow(session: OnnxRuntimeSession): Promise<Float32Array> {
  const config = plainModelConfig();
  const parts = { session, config, padding: undefined, handoffMs: 0 };
  await using instance = createOnnxRuntimeInstance(parts);
  const row = new Float32Array(size);
  row[3] = 1;
  const { items } = await run(instance, requestOf({ row: floats([1, size], row) }, 'product'));
  const { data } = outputOf(items[0], 'product');
  return new Float32Array(data.buffer, data.byteOffset, size).slice();
}

const rowOf = (seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, j) => 3 * j + seed);

function isSkipped(context: TestContext, apart: unknown): boolean {
  if (apart !== undefined) return false;
  context.skip(`weights are not mapped here (${process.platform} ${process.arch})`);
  return true;
}

test('loadSession() maps weights, and holds nothing of the file afterwards', async (context) => {
  await inFolder(denseModel({ size }), async (place) => {
    await using checked = await checkModel(place, leaseFile);
    if (isSkipped(context, checked.apart)) return;
    assert.ok((checked.apart?.model.byteLength ?? Infinity) < 2000);
    using session = await loadSession(environment, checked, settings);
    assert.equal(await isMapped({ ino: (await stat(place)).ino, path: place }), false);
    assert.deepEqual(await thirdRow(session), rowOf(0));
  });
});

test('loadSession() loads the file as it is where weights would stay mapped', async (context) => {
  await inFolder(denseModel({ size, seed: 1 }), async (place) => {
    await using checked = await checkModel(place, leaseFile);
    if (isSkipped(context, checked.apart)) return;
    const configEntries = { 'session.disable_prepacking': '1' };
    using session = await loadSession(environment, checked, { ...settings, configEntries });
    assert.equal(await isMapped({ ino: (await stat(place)).ino, path: place }), false);
    assert.deepEqual(await thirdRow(session), rowOf(1));
  });
});

test('loadSession() takes the file that has taken the place of the one checked', async () => {
  await inFolder(denseModel({ size }), async (place, folder) => {
    await using checked = await checkModel(place, leaseFile);
    const other = path.join(folder, 'other.onnx');
    await writeModel(other, denseModel({ size, seed: 7 }));
    await rename(other, place);
    using session = await loadSession(environment, checked, settings);
    assert.deepEqual(await thirdRow(session), rowOf(7));
  });
});

test('checkModel() leaves weights where they are when the runtime uses them as they are', async () => {
  await inFolder(lookupModel({ rows: 400_000 }), async (place) => {
    await using checked = await checkModel(place, leaseFile);
    assert.equal(checked.apart, undefined);
  });
});

test('isMapped() knows what this process runs from', async (context) => {
  if (process.platform !== 'linux') {
    context.skip('only Linux tells');
    return;
  }
  const { ino } = await stat(process.execPath);
  assert.equal(await isMapped({ ino, path: '' }), true);
});
