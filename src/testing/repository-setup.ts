import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ModelSpec } from '../backends/backend.ts';
import type { ModelConfig } from '../config/model-config.ts';
import type { ModelControlMode } from '../config/server-config.ts';
import { type ErrorCode, HeadwayError } from '../core/error.ts';
import { silentLogger } from '../core/logger.ts';
import { createRepository } from '../repository/create-repository.ts';
import type { Repository, ServedVersion } from '../repository/repository.ts';
import { type ManualClock, createManualClock } from './manual-clock.ts';

/** A version in service whose loading, failing and freeing the test decides. */
export interface FakeVersion extends ServedVersion {
  readonly spec: ModelSpec;
  readonly instanceChanges: ModelConfig[];
  isDisposed: boolean;
}

/** A repository over a folder of its own, and what the test does to both. */
export interface RepositorySetup {
  readonly root: string;
  readonly repository: Repository<FakeVersion>;
  readonly clock: ManualClock;
  readonly opened: FakeVersion[];
  /** `<model>/<version>` that cannot be opened. */
  readonly broken: Set<string>;
  /** Held versions wait here before they are freed. */
  readonly held: Map<string, Promise<void>>;
  readonly write: (path: string, text?: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Source references that were acquired. */
  readonly acquired: string[];
}

/** Makes a repository that is not started yet. */
export async function setUpRepository(
  t: TestContext,
  modelControlMode: ModelControlMode,
  loadModels: readonly string[] = [],
  rootCount = 1,
): Promise<RepositorySetup> {
  const root = await mkdtemp(join(tmpdir(), 'repository-'));
  const others = Array.from({ length: rootCount - 1 }, (_, index) => join(root, `-${index + 2}`));
  for (const other of others) await mkdir(other);
  const clock = createManualClock();
  const opened: FakeVersion[] = [];
  const broken = new Set<string>();
  const held = new Map<string, Promise<void>>();
  const acquired: string[] = [];
  const open = async (spec: ModelSpec): Promise<FakeVersion> => {
    const id = `${spec.name}/${spec.version}`;
    if (broken.has(id)) throw new HeadwayError('invalid_argument', `not a model`);
    const instanceChanges: ModelConfig[] = [];
    const version: FakeVersion = {
      spec,
      config: spec.config,
      instanceChanges,
      isDisposed: false,
      setInstances: async (config) => void instanceChanges.push(config),
      async [Symbol.asyncDispose]() {
        await held.get(id);
        version.isDisposed = true;
      },
    };
    opened.push(version);
    return version;
  };
  const control = { modelControlMode, loadModels, repositoryPollMs: 1000 };
  const repository = createRepository<FakeVersion>({
    roots: [root, ...others],
    control,
    maxQueueSize: 7,
    open,
    acquireSource: async (source) => {
      acquired.push(source);
      return `/store/${source}`;
    },
    clock,
    logger: silentLogger,
  });
  t.after(async () => {
    await repository[Symbol.asyncDispose]();
    await rm(root, { recursive: true });
  });
  return {
    root,
    repository,
    clock,
    opened,
    broken,
    held,
    acquired,
    write: async (path, text = '') => {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    },
    remove: (path) => rm(join(root, path), { recursive: true }),
  };
}

/** What an error must be, for `assert.throws`. */
export function isError(
  code: ErrorCode,
  text: string | RegExp,
): { readonly code: ErrorCode; readonly message: RegExp } {
  return { code, message: typeof text === 'string' ? new RegExp(RegExp.escape(text)) : text };
}

/** `<model>/<version> <state>` of all there are. */
export function states(repository: Repository<FakeVersion>): string[] {
  return repository
    .index(false)
    .map(({ name, version, state }) => `${name}/${version ?? '-'} ${state ?? '-'}`);
}

/** Lets what is done in the background finish. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Moves time to the next look at the disk and waits until that is over. */
export async function poll({ clock }: RepositorySetup): Promise<void> {
  clock.advance(1000);
  while (clock.pendingCount === 0) await nextTurn();
}
