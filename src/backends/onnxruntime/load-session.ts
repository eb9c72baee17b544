import { type FileHandle, realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { HeadwayError } from '../../core/error.ts';
import { onnxDataTypes } from '../../formats/onnx/data-type.ts';
import {
  type CheckedTensors,
  checkTensors,
  openModelFile,
} from '../../formats/onnx/external-data.ts';
import {
  type WeightUse,
  setWeightsApart,
  usesOfWeights,
} from '../../formats/onnx/weights-apart.ts';
import type { FileLease, LeaseFile } from '../../native/file-lease.ts';
import { isMapped } from '../../native/mapped-files.ts';
import type { OnnxRuntimeEnvironment } from '../../native/onnxruntime/environment.ts';
import { type OnnxRuntimeSession, createSession } from '../../native/onnxruntime/session.ts';
import type { SessionSettings } from '../../native/onnxruntime/session-options.ts';

/** A model's file that is checked and held open until its session is made. */
export interface CheckedModel extends AsyncDisposable {
  readonly path: string;
  readonly file: FileHandle;
  /** Set when the runtime may map the weights. */
  readonly apart: ModelApart | undefined;
}

/** A model without its weights, which are in a file that nobody can write to while it is leased. */
interface ModelApart {
  readonly model: Uint8Array;
  readonly lease: FileLease;
  /** The file itself, with no link on the way. */
  readonly path: string;
}

/** With fewer bytes of weights there is nothing to gain; more are not read in time for a lease. */
const apartBytesRange = { least: 1024 ** 2, most: 2 * 1024 ** 3 } as const;
/** The rest is read in one go on the event loop's own thread, and looked through. */
const mostRestBytes = 1024 ** 2;

/** Where the runtime makes a copy of a weight in an order of its own, and of how many dimensions. */
const repackedRanks: Readonly<Record<string, readonly number[]>> = {
  'Conv 1': [4],
  'Gemm 1': [2],
  'MatMul 1': [2],
  'DequantizeLinear 0': [2, 4],
};
const repackedTypes: ReadonlySet<number> = new Set(
  (['float', 'float16', 'int8', 'uint8'] as const).map((name) => onnxDataTypes[name]),
);

/** Since it looks for external data of models in memory where it is told to. */
const firstApiVersion = 22;

/**
 * Checks a model's files, and sets its weights apart where the runtime may map them.
 * @throws HeadwayError as `checkExternalData`.
 */
export async function checkModel(path: string, leaseFile: LeaseFile): Promise<CheckedModel> {
  const file = await openModelFile(path);
  try {
    const lease = process.arch === 'x64' ? await leaseFile(file) : undefined;
    const tensors = await checkTensors(file, path);
    const apart = lease && (await setApart(file, { path, lease, ...tensors }));
    return { path, file, apart, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface LeasedModel extends CheckedTensors {
  readonly path: string;
  readonly lease: FileLease;
}

async function setApart(
  file: FileHandle,
  { path, lease, rawWeights: weights, hasExternalData }: LeasedModel,
): Promise<ModelApart | undefined> {
  const isOneGraph = weights.every(({ graph }) => graph === weights[0]?.graph);
  const apartBytes = weights.reduce((sum, { data }) => sum + data.end - data.content, 0);
  const { least, most } = apartBytesRange;
  const isWorthIt = apartBytes >= least && apartBytes <= most;
  if (hasExternalData || !isOneGraph || !isWorthIt) return undefined;
  try {
    const { size } = await file.stat();
    if (size - apartBytes > mostRestBytes) return undefined;
    const target = await realpath(path);
    const model = setWeightsApart(file.fd, size, { weights, location: basename(target) });
    return usesOfWeights(model).every(isRepacked) ? { model, lease, path: target } : undefined;
  } catch {
    // Whatever is odd about the file, the runtime is to judge it as a whole.
    return undefined;
  }
}

function isRepacked({ rank, dataType, users, isInput }: WeightUse): boolean {
  if (isInput || users.length === 0 || !repackedTypes.has(dataType)) return false;
  return users.every((user) => repackedRanks[user]?.includes(rank) === true);
}

/**
 * Makes the session of a model. Where all large weights end up in the runtime's own copies, it takes
 * them straight from the file, mapped, which saves it two copies; see decision 12.
 * @throws HeadwayError as `createSession`.
 */
export async function loadSession(
  environment: OnnxRuntimeEnvironment,
  checked: CheckedModel,
  settings: SessionSettings,
): Promise<OnnxRuntimeSession> {
  const { executionProviders = [], graphLevel } = settings;
  const mayMap =
    environment.library.apiVersion >= firstApiVersion &&
    executionProviders.length === 0 &&
    graphLevel === 'all';
  const mapped = mayMap ? await loadMapped(environment, checked, settings) : undefined;
  return mapped ?? createSession(environment, { kind: 'file', path: checked.path }, settings);
}

/** @returns `undefined` when the session must be made another way, which also tells what is wrong. */
async function loadMapped(
  environment: OnnxRuntimeEnvironment,
  { file, path, apart }: CheckedModel,
  settings: SessionSettings,
): Promise<OnnxRuntimeSession | undefined> {
  if (apart === undefined) return undefined;
  const folder = { 'session.model_external_initializers_file_folder_path': dirname(apart.path) };
  const configEntries = { ...settings.configEntries, ...folder };
  const source = { kind: 'bytes', bytes: apart.model } as const;
  let session: OnnxRuntimeSession;
  try {
    session = await createSession(environment, source, { ...settings, configEntries });
  } catch (error) {
    if (error instanceof HeadwayError) return undefined;
    throw error;
  }
  try {
    const [held, named] = await Promise.all([file.stat(), stat(path)]);
    const isSame = held.ino === named.ino && held.dev === named.dev;
    if (isSame && apart.lease.isHeld() && !(await isMapped({ ino: held.ino, path: apart.path })))
      return session;
  } catch {
    // What became of the file is for whoever opens it next to say.
  }
  session[Symbol.dispose]();
  return undefined;
}
