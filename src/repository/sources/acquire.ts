import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { HeadwayError } from '../../core/error.ts';
import type {
  FetchContext,
  FetchedFile,
  ReportProgress,
  SourceEnvironment,
  SourceLimits,
} from './fetch-context.ts';
import { createTimeLimit } from './network/time-limit.ts';
import { type FileReference, type SourceReference, formatSourceReference } from './reference.ts';
import { type FileDigest, hashFile } from './model-store/hash-file.ts';
import type { LockEntry } from './model-store/lock-file.ts';
import type { ModelStore } from './model-store/model-store.ts';

export interface AcquireOptions extends SourceEnvironment {
  readonly limits: SourceLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: ReportProgress;
  /** Ask the source anew and replace what the lock file says. */
  readonly update: boolean;
}

/** A model file that is there to be read. */
export interface AcquiredModel {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Where it came from. */
  readonly resolved: string;
  /** Whether it was there already, so that no network was needed. */
  readonly wasThere: boolean;
}

/**
 * Makes the file of a reference available. A reference the lock file knows and the store has needs
 * no network; otherwise the file is fetched, checked against the checksum of the reference, of the
 * lock file and of the source, stored, and noted in the lock file. A `file:` reference is read where
 * it lies, and not locked: it is the user's own to change.
 * @throws HeadwayError `data_loss` when a checksum does not fit; otherwise as its kind of source.
 */
export async function acquire(
  reference: SourceReference,
  store: ModelStore,
  options: AcquireOptions,
): Promise<AcquiredModel> {
  using limit = createTimeLimit({ ...options.limits, ...options });
  const watched: AcquireOptions = {
    ...options,
    signal: limit.signal,
    onProgress(progress) {
      limit.touch();
      options.onProgress(progress);
    },
  };
  try {
    return reference.kind === 'file'
      ? await acquireFile(reference, watched)
      : await acquireRemote(reference, store, watched);
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : asDiskError(error);
  }
}

async function acquireFile(
  reference: FileReference,
  options: AcquireOptions,
): Promise<AcquiredModel> {
  const path = resolve(options.workingDirectory, reference.path);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    const what = found === undefined ? 'does not exist' : 'is not a file';
    throw new HeadwayError(
      'not_found',
      `The model file '${reference.path}' ${what}; relative paths start at '${options.workingDirectory}'.`,
    );
  }
  const digest = await digestOf(path, found.size, options);
  const text = formatSourceReference(reference);
  assertDigest(text, digest, [['the reference', reference.sha256]]);
  return { path, ...digest, resolved: path, wasThere: true };
}

async function acquireRemote(
  reference: Exclude<SourceReference, FileReference>,
  store: ModelStore,
  options: AcquireOptions,
): Promise<AcquiredModel> {
  const key = formatSourceReference({ ...reference, sha256: undefined });
  const locked = options.update ? undefined : (await store.entries()).get(key);
  const pins: Pin[] = [
    ['the reference', reference.sha256],
    ['the lock file', locked?.sha256],
  ];
  if (locked !== undefined) {
    assertDigest(key, locked, pins);
    const path = await store.find(locked);
    if (path !== undefined) return { path, ...pickResult(locked), wasThere: true };
  }
  await using workspace = await store.claim(createHash('sha256').update(key).digest('hex'));
  const fetched = await fetchSource(reference, {
    ...options,
    directory: workspace.directory,
    lockedVersion: locked?.version,
  }).catch((error: unknown) => {
    if (isFinal(error)) workspace.finish();
    throw error;
  });
  workspace.finish();
  const { size } = await stat(fetched.path);
  const digest = await digestOf(fetched.path, size, options);
  assertDigest(key, digest, [...pins, ['the source', fetched.sha256]]);
  const path = await store.add(fetched.path, digest);
  const { resolved, version } = fetched;
  const acquiredAt = new Date(options.clock.epochMs()).toISOString();
  const entry: LockEntry = { ...digest, resolved, version, acquiredAt };
  await store.record(key, entry);
  return { path, ...pickResult(entry), wasThere: false };
}

/** The ecosystems' clients take long to load, so each is loaded when it is needed. */
async function fetchSource(
  reference: Exclude<SourceReference, FileReference>,
  context: FetchContext,
): Promise<FetchedFile> {
  switch (reference.kind) {
    case 'https':
      return (await import('./registries/https.ts')).fetchHttps(reference, context);
    case 'hf':
      return (await import('./registries/hugging-face.ts')).fetchHuggingFace(reference, context);
    case 'npm':
      return (await import('./registries/npm.ts')).fetchNpm(reference, context);
    case 'pypi':
      return (await import('./registries/pypi.ts')).fetchPypi(reference, context);
  }
}

/** Whether trying again would fail again, so that what has arrived is of no use. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof HeadwayError &&
    !['unavailable', 'deadline_exceeded', 'cancelled'].includes(error.code)
  );
}

function pickResult({ sha256, bytes, resolved }: LockEntry) {
  return { sha256, bytes, resolved };
}

function digestOf(path: string, totalBytes: number, options: AcquireOptions): Promise<FileDigest> {
  const { signal, onProgress } = options;
  return hashFile(path, {
    signal,
    onBytes: (doneBytes) => onProgress({ step: 'verify', doneBytes, totalBytes }),
  });
}

/** Who demands a checksum, and which; `undefined` demands none. */
type Pin = readonly [string, string | undefined];

function assertDigest(text: string, { sha256 }: Pick<FileDigest, 'sha256'>, pins: readonly Pin[]) {
  const broken = pins.find(([, wanted]) => wanted !== undefined && wanted !== sha256);
  if (broken === undefined) return;
  const [who, wanted] = broken;
  throw new HeadwayError(
    'data_loss',
    `'${text}' has sha256 ${sha256}, but ${who} wants ${wanted}. If the new file is right, change the reference, or pull it with '--update' to replace what the lock file says.`,
  );
}

function asDiskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new HeadwayError(
    'resource_exhausted',
    'No space is left for the model. Free some, or choose another home folder with --home; what has arrived is kept.',
    { cause: error },
  );
}
