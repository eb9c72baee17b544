import { HeadwayError } from '../../core/error.ts';
import type { OnnxRuntimeEnvironment } from './environment.ts';
import { addressOf } from './pointers.ts';
import { createRunControl, prepareRun } from './run.ts';
import { createSession } from './session.ts';
import { createTensorValues } from './values.ts';

/**
 * An ONNX model of one operator, y = x + x over three floats: IR version 8, opset 13, written out
 * by hand from the field numbers of onnx.proto.
 */
const doublingModel = Buffer.from(
  '08083a390a0e0a01780a017812017922034164641205636865636b5a0f0a0178120a0a08080112040a020803620f0a0179120a0a08080112040a02080342040a00100d',
  'hex',
);

/**
 * Proves at start that the functions found in the library are the ones meant: loads a tiny model
 * through them, runs it and compares the answer.
 * @throws HeadwayError `failed_precondition` when the library answers wrongly.
 */
export async function checkOnnxRuntime(environment: OnnxRuntimeEnvironment): Promise<void> {
  const { path, version } = environment.library;
  const input = Float32Array.of(1, -2, 0.25);
  const output = new Float32Array(3);
  try {
    using session = await createSession(
      environment,
      { kind: 'bytes', bytes: doublingModel },
      { intraOpThreads: 1 },
    );
    using control = createRunControl(session);
    const values = createTensorValues(environment);
    const run = prepareRun(session, control, { inputs: ['x'], outputs: ['y'] });
    const tensors = [input, output].map((memory) =>
      values.overMemory({
        datatype: 'FP32',
        shape: [3],
        address: addressOf(memory),
        byteLength: memory.byteLength,
      }),
    );
    run.inputs[0] = tensors[0] ?? 0n;
    run.outputs[0] = tensors[1] ?? 0n;
    run.runHere();
    tensors.forEach(values.release);
  } catch (cause) {
    throw failed(path, version, cause);
  }
  if (output.some((value, index) => value !== 2 * (input[index] ?? 0))) {
    throw failed(path, version, undefined);
  }
}

function failed(path: string, version: string, cause: unknown): HeadwayError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ' with a wrong answer';
  return new HeadwayError(
    'failed_precondition',
    `The ONNX Runtime library '${path}' (version ${version}) failed its start-up check${reason}. Name another with --onnxruntime-library FILE.`,
    { cause },
  );
}
