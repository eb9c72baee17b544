import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { OnnxModel } from '../../formats/onnx/model.ts';
import { createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import { readOnnxFile } from '../model-file.ts';
import { createStyle } from '../style.ts';
import { formatCount, formatSummary } from './format-summary.ts';
import { summarizeModel } from './summarize-model.ts';

const plain = createStyle(new PassThrough(), {});

async function summarize(model: OnnxModel) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'headway-'));
  const path = join(folder.path, 'm.onnx');
  await writeModel(path, model);
  return summarizeModel(await readOnnxFile(path), new Map());
}

function convModel(): OnnxModel {
  const builder = createGraphBuilder('conv');
  const x = builder.input('x', 'FP32', [-1, 3, 'height', 8]);
  const weight = builder.constant('FP32', [4, 3, 1, 1], new Float32Array(12));
  builder.output(builder.node('Conv', [x, weight], { output: 'y' }), 'FP32', [-1, 4, 'height', 8]);
  return builder.build();
}

test('formatSummary() shows signature, cost and operators', async () => {
  const lines = formatSummary(await summarize(convModel()), plain);
  assert.deepEqual(lines.slice(1), [
    '  file        205 B',
    '  producer    headway',
    '  format      ONNX, IR version 9, operator sets ai.onnx 19',
    '  parameters  12 in 48 B',
    '  cost        not known; counted 0 of 1 convolutions and matrix products; the rest depends on height, given with --dimension NAME=SIZE',
    '  batching    yes: every first dimension is of any size; served with max_batch_size 4 unless its config says otherwise',
    '',
    'inputs',
    '  x  FP32  [batch,3,height,8]',
    'outputs',
    '  y  FP32  [batch,4,height,8]',
    '',
    'operators (1)',
    '  1  Conv',
    '',
    'parameters',
    '  FP32  1 tensor  12 elements  48 B',
  ]);
});

test('formatSummary() lets no name command the terminal', async () => {
  const summary = await summarize(convModel());
  const [input] = summary.inputs;
  const lines = formatSummary(
    { ...summary, inputs: [{ ...input!, name: '\u001b[2Jx\n' }], metadata: { a: '\u009b2J' } },
    plain,
  );
  assert.ok(lines.includes('  ?[2Jx?  FP32  [batch,3,height,8]'));
  assert.ok(lines.every((line) => !/\p{Cc}/u.test(line)));
});

test('summarizeModel() tells which files hold weights, and what is wrong with them', async () => {
  const model = convModel();
  const [weight] = model.graph.initializers;
  const data = { kind: 'external', properties: [{ key: 'location', value: 'w.bin' }] } as const;
  const { externalData } = await summarize({
    ...model,
    graph: { ...model.graph, initializers: [{ ...weight!, data }] },
  });
  assert.deepEqual(externalData.files, [{ location: 'w.bin', bytes: null }]);
  assert.match(externalData.problem ?? '', /'w\.bin' is missing/);
});

test('formatCount() keeps three digits', () => {
  assert.deepEqual([0, 999, 1000, 25_557_032, 4_089_184_256, 123_456, 5e15].map(formatCount), [
    '0',
    '999',
    '1.00 k',
    '25.6 M',
    '4.09 G',
    '123 k',
    '5000 T',
  ]);
});
