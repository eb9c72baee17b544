import assert from 'node:assert/strict';
import { mkdtempDisposable, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { denseModel } from '../../testing/models/small-models.ts';
import { resnet50Fp32 } from '../../testing/models/resnet50.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import type { OnnxModel } from './model.ts';
import { parseOnnxModel } from './parse-model.ts';
import { type RawWeight, scanTensors } from './scan-tensors.ts';
import { setWeightsApart, usersOfWeights } from './weights-apart.ts';

const smallestBytes = 4096;

interface Apart {
  readonly file: Uint8Array;
  readonly model: Uint8Array;
}

async function apartOf(model: OnnxModel): Promise<Apart> {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-apart-'));
  const place = path.join(folder.path, 'model.onnx');
  await writeModel(place, model);
  await using handle = await open(place);
  const weights: RawWeight[] = [];
  for await (const scanned of scanTensors(handle)) {
    if (scanned.kind !== 'raw') continue;
    if (scanned.data.end - scanned.data.content >= smallestBytes) weights.push(scanned);
  }
  const { size } = await handle.stat();
  const options = { weights, location: 'model.onnx' };
  return { file: await handle.readFile(), model: setWeightsApart(handle.fd, size, options) };
}

/** The model with its weights put back from the file they are said to be in. */
function putBack({ file, model }: Apart): OnnxModel {
  const parsed = parseOnnxModel(model);
  const initializers = parsed.graph.initializers.map((tensor) => {
    if (tensor.data.kind !== 'external') return tensor;
    const { location, offset, length } = Object.fromEntries(
      tensor.data.properties.map(({ key, value }) => [key, value]),
    );
    assert.equal(location, 'model.onnx');
    const start = Number(offset);
    const bytes = file.subarray(start, start + Number(length));
    return { ...tensor, data: { kind: 'bytes' as const, bytes } };
  });
  return { ...parsed, graph: { ...parsed.graph, initializers } };
}

test('setWeightsApart() takes out large weights, and nothing else', async () => {
  for (const model of [denseModel({ size: 64 }), resnet50Fp32()]) {
    const apart = await apartOf(model);
    const outside = parseOnnxModel(apart.model).graph.initializers.filter(
      ({ data }) => data.kind === 'external',
    );
    assert.ok(outside.length > 0);
    assert.ok(apart.model.byteLength < apart.file.byteLength / 50);
    assert.deepEqual(putBack(apart), parseOnnxModel(apart.file));
  }
});

test('setWeightsApart() leaves a model without large weights as it is', async () => {
  const apart = await apartOf(denseModel({ size: 8 }));
  assert.deepEqual(parseOnnxModel(apart.model), parseOnnxModel(apart.file));
});

test('usersOfWeights() tells where the weights outside are used', async () => {
  const { model } = await apartOf(denseModel({ size: 64 }));
  assert.deepEqual([...usersOfWeights(model)], [['constant0', ['MatMul 1']]]);
});
