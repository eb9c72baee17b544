import { availableCores } from '../../src/native/available-cores.ts';
import { createOnnxRuntimeEnvironment } from '../../src/native/onnxruntime/environment.ts';
import { loadOnnxRuntimeLibrary } from '../../src/native/onnxruntime/load-library.ts';
import { addressOf } from '../../src/native/onnxruntime/pointers.ts';
import {
  type PreparedRun,
  createRunControl,
  prepareRun,
} from '../../src/native/onnxruntime/run.ts';
import { createSession } from '../../src/native/onnxruntime/session.ts';
import { createTensorValues } from '../../src/native/onnxruntime/values.ts';

/** ONNX Runtime through the server's own binding, and nothing else around it. */
export interface BareSession {
  /** Makes a run over fixed memory with this many items; runs with all cores. */
  prepare(batchSize: number): PreparedRun;
  /** How long the session took to make. */
  readonly creationMs: number;
}

/** Loads a model with the thread settings the server would give it alone. */
export async function openBareSession(path: string): Promise<BareSession> {
  const environment = await createOnnxRuntimeEnvironment(
    loadOnnxRuntimeLibrary(undefined),
    'error',
  );
  const startMs = performance.now();
  const session = await createSession(
    environment,
    { kind: 'file', path },
    {
      graphLevel: 'all',
      intraOpThreads: availableCores(),
      configEntries: { 'session.intra_op.allow_spinning': '0' },
    },
  );
  const creationMs = performance.now() - startMs;
  const control = createRunControl(session);
  const values = createTensorValues(environment);
  const kept: Float32Array[] = [];
  const tensorOf = (shape: readonly number[], batchSize: number): bigint => {
    const full = [batchSize, ...shape.slice(1)];
    const memory = new Float32Array(full.reduce((product, size) => product * size, 1)).fill(0.5);
    kept.push(memory);
    return values.overMemory({
      datatype: 'FP32',
      shape: full,
      address: addressOf(memory),
      byteLength: memory.byteLength,
    });
  };
  return {
    creationMs,
    prepare(batchSize) {
      const run = prepareRun(session, control, {
        inputs: session.inputs.map((input) => input.name),
        outputs: session.outputs.map((output) => output.name),
      });
      session.inputs.forEach(({ shape }, index) => {
        run.inputs[index] = tensorOf(shape, batchSize);
      });
      session.outputs.forEach(({ shape }, index) => {
        run.outputs[index] = tensorOf(shape, batchSize);
      });
      return run;
    },
  };
}
