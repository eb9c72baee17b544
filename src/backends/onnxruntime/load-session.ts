import { type FileHandle, realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { HeadwayError } from '../../core/error.ts';
import {
  type CheckedTensors,
  checkTensors,
  openModelFile,
} from '../../formats/onnx/external-data.ts';
import { setWeightsApart, usersOfWeights } from '../../formats/onnx/weights-apart.ts';
import type { LeaseFile } from '../../native/file-lease.ts';
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

/** A model without its weights, which are in a file that nobody can write to for now. */
interface ModelApart {
  readonly model: Uint8Array;
  /** The file itself, with no link on the way. */
  readonly path: string;
}

/** Smaller weights cost nothing to copy, and the runtime keeps using some of them as they are. */
const smallestWeightBytes = 64 * 1024;
/** With fewer bytes of weights there is nothing to gain. */
const leastApartBytes = 1024 * 1024;
/** The rest is read at once, and copied. */
const mostRestBytes = 16 * 1024 * 1024;

/** Where the runtime makes a copy of a weight in an order of its own. */
const repacking: ReadonlySet<string> = new Set([
  'Conv 1',
  'Gemm 1',
  'MatMul 1',
  'DequantizeLinear 0',
]);

/** Since it looks for external data of models in memory where it is told to. */
const firstApiVersion = 22;

/**
 * Checks a model's files, and sets its weights apart where the runtime may map them.
 * @throws HeadwayError as `checkExternalData`.
 */
export async function checkModel(path: string, leaseFile: LeaseFile): Promise<CheckedModel> {
  const file = await openModelFile(path);
  try {
    const isLeased = process.arch === 'x64' && leaseFile(file.fd);
    const tensors = await checkTensors(file, path);
    const apart = isLeased ? await setApart(file, path, tensors) : undefined;
    return { path, file, apart, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function setApart(
  file: FileHandle,
  path: string,
  { rawWeights, hasExternalData }: CheckedTensors,
): Promise<ModelApart | undefined> {
  const weights = rawWeights.filter(({ data }) => data.end - data.content >= smallestWeightBytes);
  const isOneGraph = weights.every(({ graph }) => graph === weights[0]?.graph);
  const apartBytes = weights.reduce((sum, { data }) => sum + data.end - data.content, 0);
  if (hasExternalData || !isOneGraph || apartBytes < leastApartBytes) return undefined;
  const { size } = await file.stat();
  if (size - apartBytes > mostRestBytes) return undefined;
  const target = await realpath(path);
  const model = setWeightsApart(file.fd, size, { weights, location: basename(target) });
  const isRepacked = [...usersOfWeights(model).values()].every(
    (users) => users.length > 0 && users.every((user) => repacking.has(user)),
  );
  return isRepacked ? { model, path: target } : undefined;
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
    if (isSame && !(await isMapped({ ino: held.ino, path: apart.path }))) return session;
  } catch {
    // What became of the file is for whoever opens it next to say.
  }
  session[Symbol.dispose]();
  return undefined;
}
