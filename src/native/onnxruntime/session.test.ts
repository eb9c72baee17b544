import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseOnnxModel } from '../../formats/onnx/parse-model.ts';
import { createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { addModel } from '../../testing/models/small-models.ts';
import { modelBytes } from '../../testing/models/write-model.ts';
import { type OnnxRuntimeEnvironment, createOnnxRuntimeEnvironment } from './environment.ts';
import { loadOnnxRuntimeLibrary } from './load-library.ts';
import { addressOf } from './pointers.ts';
import { createRunControl, prepareRun } from './run.ts';
import { type OnnxRuntimeSession, createSession } from './session.ts';
import { createTensorValues } from './values.ts';

let environment: OnnxRuntimeEnvironment;
before(async () => {
  environment = await createOnnxRuntimeEnvironment(loadOnnxRuntimeLibrary(undefined), 'fatal');
});
after(() => environment[Symbol.dispose]());

/** `y = x + (1 + 2)`, FP32 `[1]`: the runtime works the constants out. */
function foldableModel(): Uint8Array {
  const builder = createGraphBuilder('foldable');
  const x = builder.input('x', 'FP32', [1]);
  const [one, two] = [1, 2].map((value) => builder.constant('FP32', [1], Float32Array.of(value)));
  const three = builder.node('Add', [one!, two!]);
  builder.output(builder.node('Add', [x, three], { output: 'y' }), 'FP32', [1]);
  return modelBytes(builder.build());
}

/** The model's answer to 0.5. */
function answerOf(session: OnnxRuntimeSession): number | undefined {
  const [input, output] = [Float32Array.of(0.5), new Float32Array(1)];
  const values = createTensorValues(environment);
  using control = createRunControl(session);
  const run = prepareRun(session, control, { inputs: ['x'], outputs: ['y'] });
  const tensors = [input, output].map((memory) =>
    values.overMemory({ datatype: 'FP32', shape: [1], address: addressOf(memory), byteLength: 4 }),
  );
  run.inputs[0] = tensors[0]!;
  run.outputs[0] = tensors[1]!;
  run.runHere();
  tensors.forEach(values.release);
  return output[0];
}

test('createSession() profiles runs into a file that endProfiling() names', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-session-'));
  const profilePrefix = path.join(folder.path, 'profile of add');
  const source = { kind: 'bytes', bytes: foldableModel() } as const;
  using session = await createSession(environment, source, { profilePrefix });
  assert.equal(answerOf(session), 3.5);
  const file = session.endProfiling();
  assert.ok(file.startsWith(profilePrefix), file);
  const events = JSON.parse(await readFile(file, 'utf8')) as { readonly name: string }[];
  assert.ok(
    events.some(({ name }) => name === 'y_kernel_time'),
    'the profile tells of the operator that was run',
  );
});

test('createSession() writes the optimised model, which loads and answers the same', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-session-'));
  const optimizedModelPath = path.join(folder.path, 'optimized.onnx');
  const source = { kind: 'bytes', bytes: foldableModel() } as const;
  using session = await createSession(environment, source, {
    optimizedModelPath,
    graphLevel: 'basic',
  });
  assert.equal(answerOf(session), 3.5);
  const { graph } = parseOnnxModel(await readFile(optimizedModelPath));
  assert.equal(graph.nodes.length, 1, 'the constants are worked out');
  using again = await createSession(
    environment,
    { kind: 'file', path: optimizedModelPath },
    { graphLevel: 'disabled' },
  );
  assert.equal(answerOf(again), 3.5);
});

test('createSession() fails when the optimised model cannot be written where it is wanted', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-session-'));
  const source = { kind: 'bytes', bytes: modelBytes(addModel()) } as const;
  const optimizedModelPath = path.join(folder.path, 'no', 'such', 'folder.onnx');
  await assert.rejects(createSession(environment, source, { optimizedModelPath }), {
    message: /^Cannot load the model/,
  });
  await assert.rejects(stat(optimizedModelPath));
});

test('createSession() takes every option the runtime has', async () => {
  const bytes = modelBytes(addModel());
  using session = await createSession(
    environment,
    { kind: 'bytes', bytes },
    {
      graphLevel: 'extended',
      intraOpThreads: 1,
      interOpThreads: 2,
      executionMode: 'parallel',
      enableMemoryArena: false,
      enableMemoryPattern: false,
      logId: 'add',
      logSeverity: 4,
      freeDimensions: { batch: 3 },
      configEntries: { 'session.intra_op.allow_spinning': '0' },
      executionProviders: [{ name: 'cpu', options: {} }],
    },
  );
  assert.deepEqual(
    [...session.inputs, ...session.outputs].map(({ name, shape }) => [name, shape]),
    ['a', 'b', 'sum'].map((name) => [name, [3, 64]]),
  );
});

test('createSession() says which option the runtime refuses, and why', async () => {
  const source = { kind: 'bytes', bytes: modelBytes(addModel()) } as const;
  await assert.rejects(createSession(environment, source, { configEntries: { '': 'x' } }), {
    message: /^Cannot set session config entry '': Config key is empty/,
  });
});
