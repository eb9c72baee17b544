import { HeadwayError } from '../../core/error.ts';
import type { NativePointer } from './api-table.ts';
import { addressOf, createOutSlot, cStringArray } from './pointers.ts';
import type { OnnxRuntimeSession } from './session.ts';
import { checkStatus } from './status.ts';

/** Options of runs, shared by all the runs of one user, who runs one at a time. */
export interface RunControl extends Disposable {
  readonly pointer: NativePointer;
  /** Makes the run under way end soon, with `cancelled`. */
  terminate(): void;
  /** Whether the last run was told to end; allows runs again. */
  takeTermination(): boolean;
}

export function createRunControl({ environment }: OnnxRuntimeSession): RunControl {
  const { api } = environment.library;
  const slot = createOutSlot();
  checkStatus(api, api.CreateRunOptions(slot.address), 'Cannot make run options');
  const pointer = slot.take();
  let isTerminated = false;
  return {
    pointer,
    terminate() {
      isTerminated = true;
      checkStatus(api, api.RunOptionsSetTerminate(pointer), 'Cannot terminate a run');
    },
    takeTermination() {
      if (!isTerminated) return false;
      isTerminated = false;
      checkStatus(api, api.RunOptionsUnsetTerminate(pointer), 'Cannot allow runs again');
      return true;
    },
    [Symbol.dispose]: () => api.ReleaseRunOptions(pointer),
  };
}

/** A call of `Run` with fixed names, to be made again and again, one at a time. */
export interface PreparedRun {
  /** Tensors to read, in the order of the input names. */
  readonly inputs: BigUint64Array;
  /** Tensors to write, or 0 where the runtime is to make one; in the order of the output names. */
  readonly outputs: BigUint64Array;
  /** Runs on this thread. @throws HeadwayError as the runtime fails. */
  runHere(): void;
  /** Runs on a thread of libuv's pool. What the tensors lie over must stay referenced. */
  runOnPool(): Promise<void>;
}

export function prepareRun(
  session: OnnxRuntimeSession,
  control: RunControl,
  names: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): PreparedRun {
  const { api } = session.environment.library;
  const inputNames = cStringArray(names.inputs);
  const outputNames = cStringArray(names.outputs);
  const inputs = new BigUint64Array(names.inputs.length);
  const outputs = new BigUint64Array(names.outputs.length);
  const call = [
    session.pointer,
    control.pointer,
    addressOf(inputNames.addresses),
    addressOf(inputs),
    names.inputs.length,
    addressOf(outputNames.addresses),
    names.outputs.length,
    addressOf(outputs),
  ] as const;
  // The addresses above are good only while these are referenced.
  const keptAlive = [inputNames, outputNames];

  const finish = (status: NativePointer | null): void => {
    if (!control.takeTermination() || status === null) {
      checkStatus(api, status, 'The model could not be run');
      return;
    }
    api.ReleaseStatus(status);
    throw new HeadwayError('cancelled', 'The run was terminated.');
  };

  return {
    inputs,
    outputs,
    runHere: () => finish(api.Run(...call)),
    runOnPool: () =>
      new Promise((resolve, reject) => {
        api.Run.async(...call, (error, status) => {
          try {
            if (error !== null) throw error;
            if (keptAlive.length > 0) finish(status);
            resolve();
          } catch (thrown) {
            reject(thrown);
          }
        });
      }),
  };
}
