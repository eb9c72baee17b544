import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { parseModelConfigYaml } from '../../config/model/parse-model-config-yaml.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { addModel } from '../../testing/models/small-models.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import { inspectCommand } from './inspect.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'headway-'));
});
afterEach(() => rm(cwd, { recursive: true }));

async function inspect(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const clock = createManualClock();
  await inspectCommand({ stdout, stderr, args, env: {}, clock, cwd, signal }).parseAsync(args, {
    from: 'user',
  });
  return String(stdout.read() ?? '');
}

async function writeFolder(files: Record<string, string>) {
  for (const version of ['1', '3']) {
    await mkdir(join(cwd, 'models', 'add', version), { recursive: true });
    await writeModel(join(cwd, 'models', 'add', version, 'model.onnx'), addModel());
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(cwd, 'models', 'add', name), text);
  }
}

test('inspectCommand() shows inputs that the model has values for as optional', async () => {
  const builder = createGraphBuilder('scale');
  const input = builder.input('input', 'FP32', [-1, 2]);
  const scale = builder.input('scale', 'FP32', [2]);
  builder.initial(scale, [2], Float32Array.of(2, 3));
  builder.output(builder.node('Mul', [input, scale], { output: 'output' }), 'FP32', [-1, 2]);
  const model = builder.build();
  await writeModel(join(cwd, 'scale.onnx'), model);
  const text = await inspect('scale.onnx');
  assert.match(text, /input +FP32 +\[batch,2\] *\n/);
  assert.match(text, /scale +FP32 +\[2\] +optional\n/);
  assert.match(text, /batching +yes/);
  // Files of that age list every constant among the inputs.
  await writeModel(join(cwd, 'old.onnx'), { ...model, irVersion: 3 });
  assert.doesNotMatch(await inspect('old.onnx'), /optional/);
});

test('inspectCommand() gives everything it knows of a file as JSON', async () => {
  await writeModel(join(cwd, 'add.onnx'), addModel());
  const summary = JSON.parse(await inspect('add.onnx', '--json')) as Record<string, unknown>;
  assert.deepEqual(summary['inputs'], [
    { name: 'a', datatype: 'FP32', shape: [-1, 64], dimensionNames: ['batch', null] },
    { name: 'b', datatype: 'FP32', shape: [-1, 64], dimensionNames: ['batch', null] },
  ]);
  assert.deepEqual(summary['operators'], { total: 1, counts: { Add: 1 } });
  assert.deepEqual(summary['externalData'], { files: [], problem: null });
  assert.equal('config' in summary, false);
});

test('inspectCommand() completes the config of a model folder as the server does', async () => {
  await writeFolder({ 'config.pbtxt': 'max_batch_size: 8\ninstance_group [{ count: 2 }]\n' });
  const { config, ...rest } = JSON.parse(await inspect('models/add', '--json')) as Record<
    string,
    unknown
  >;
  assert.partialDeepStrictEqual(rest, { name: 'add', versions: [1, 3], servedVersion: 3 });
  assert.partialDeepStrictEqual(config, {
    max_batch_size: 8,
    input: [{ name: 'a', dims: [64] }, { name: 'b' }],
    output: [{ name: 'sum', data_type: 'TYPE_FP32' }],
  });
});

test('inspectCommand() shows a config that can be used as model.yaml', async () => {
  await writeFolder({ 'model.yaml': 'max_batch_size: 8\ndynamic_batching: {}\n' });
  const text = await inspect('models/add');
  assert.match(text, /model 'add', version 3 of 1, 3/);
  const yaml = text.split('configuration, as the server completes it\n')[1];
  const warnings: string[] = [];
  const config = parseModelConfigYaml(yaml!, {
    modelName: 'add',
    file: 'model.yaml',
    defaultMaxQueueSize: 1024,
    warn: (message) => warnings.push(message),
  });
  assert.equal(config.maxBatchSize, 8);
  assert.deepEqual(
    config.inputs.map(({ name, dims }) => [name, dims]),
    [
      ['a', [64]],
      ['b', [64]],
    ],
  );
});

test('inspectCommand() shows the config of a model whose file comes from elsewhere', async () => {
  await mkdir(join(cwd, 'models', 'add'), { recursive: true });
  await writeFile(join(cwd, 'models', 'add', 'model.yaml'), 'source: npm:pkg@1.0.0/x.onnx\n');
  const text = await inspect('models/add');
  assert.match(text, /no version folder/);
  assert.match(text, /configuration, as it is written\n[^]*source: npm:pkg@1\.0\.0\/x\.onnx/);
});

test('inspectCommand() says what it was given instead of a model', async () => {
  await writeFolder({});
  await writeFile(join(cwd, 'notes.txt'), 'not a model');
  for (const [given, code, message] of [
    ['models', 'invalid_argument', /if it is a repository, name one of its models: add/],
    ['models/ad', 'not_found', /did you mean 'add'/],
    ['notes.txt', 'invalid_argument', /Cannot read 'notes\.txt'/],
    ['models/add/2', 'not_found', /no file or folder/],
  ] as const) {
    await assert.rejects(inspect(given), { code, message });
  }
  assert.match(await inspect('models/add/1'), /operators \(1\)/);
});
