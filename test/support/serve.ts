import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type RunningServer, createServer } from '../../src/cli/create-server.ts';
import { type OipClient, createOipHttpClient } from '../../src/client/index.ts';
import type { ServerConfigInput } from '../../src/config/resolve-server-config.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { modelBytes } from '../../src/testing/models/write-model.ts';

/** Files of a model repository by path under it: a model, or what is written as it is. */
export type RepositoryFiles = Readonly<Record<string, OnnxModel | Uint8Array | string>>;

/** A model repository on disk that goes away with this. */
export interface TestRepository extends AsyncDisposable {
  readonly root: string;
  write(files: RepositoryFiles): Promise<void>;
  remove(path: string): Promise<void>;
}

export async function createTestRepository(files: RepositoryFiles = {}): Promise<TestRepository> {
  const root = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const repository: TestRepository = {
    root,
    async write(written) {
      for (const [path, content] of Object.entries(written)) {
        const full = join(root, path);
        await mkdir(dirname(full), { recursive: true });
        const isRaw = typeof content === 'string' || content instanceof Uint8Array;
        await writeFile(full, isRaw ? content : modelBytes(content));
      }
    },
    remove: (path) => rm(join(root, path), { recursive: true }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
  await repository.write(files);
  return repository;
}

/** A real server in this process, over a repository of its own. */
export interface TestServer extends AsyncDisposable {
  readonly server: RunningServer;
  readonly repository: TestRepository;
  readonly client: OipClient;
  readonly url: string;
  /** The value of one line of the metrics; `undefined` when it is not there. */
  metric(name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined>;
}

/** Writes the files, serves them on free ports, and connects a client. */
export async function serve(
  files: RepositoryFiles,
  config: ServerConfigInput = {},
): Promise<TestServer> {
  await using owned = new AsyncDisposableStack();
  const repository = owned.use(await createTestRepository(files));
  const server = owned.use(
    await createServer({
      modelRepositories: [repository.root],
      httpPort: 0,
      grpcPort: 0,
      metricsPort: 0,
      ...config,
    }),
  );
  const client = owned.use(
    createOipHttpClient({ url: server.urls.http, apiKey: config.apiKeys?.[0] }),
  );
  const resources = owned.move();
  return {
    server,
    repository,
    client,
    url: server.urls.http,
    async metric(name, labels) {
      const answer = await fetch(`${server.urls.metrics}/metrics`);
      return readMetric(await answer.text(), name, labels);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Finds one value in a text exposition, by name and labels in any order. */
export function readMetric(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  for (const line of text.split('\n')) {
    const [, found, list = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name) continue;
    const pairs = [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text_]) => [key, text_]);
    const present = new Map(pairs as [string, string][]);
    const wanted = Object.entries(labels);
    if (wanted.every(([key, wantedValue]) => present.get(key) === wantedValue))
      return Number(value);
  }
  return undefined;
}

/** Asks again and again until the answer is what is waited for; the test's time limit ends it. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    // Each question is a round trip through the event loop, so this does not spin.
  }
}
