import { HeadwayError, invalidArgument } from '../core/error.ts';
import { modelConfigToJson } from '../config/model-config-json.ts';
import type { Tracing } from '../metrics/tracing.ts';
import type { Repository } from '../repository/repository.ts';
import type { InferenceServer, SharedMemoryRegistry } from './interface.ts';
import type { LogControl } from './logging.ts';
import { createRequestGate } from './request-gate.ts';
import type { ServedModel } from './served-model.ts';
import { createServerTracing, inferTraced } from './trace-requests.ts';

/** What the server is made of. */
export interface InferenceServerParts {
  readonly repository: Repository<ServedModel>;
  readonly name: string;
  readonly version: string;
  /** Protocol extensions that work here, as clients read them. */
  readonly extensions: readonly string[];
  readonly sharedMemory: SharedMemoryRegistry;
  readonly logging: LogControl;
  readonly tracing: Tracing;
}

/** The use cases with their way out. */
export interface DrainableServer extends InferenceServer {
  /** Requests accepted and not answered yet. */
  readonly inFlightCount: number;
  /** Not ready and refusing new requests from now on; resolves when the accepted ones are answered. */
  drain(): Promise<void>;
}

/** Makes the use cases over a repository. */
export function createInferenceServer(parts: InferenceServerParts): DrainableServer {
  const { repository } = parts;
  const gate = createRequestGate();
  const resolve = (name: string, version: string): ServedModel =>
    repository.resolve(name, parseVersion(version));

  return {
    isLive: () => true,
    isReady: () => !gate.isClosed && repository.isReady(),
    isModelReady: (name, version) => !gate.isClosed && isResolvable(() => resolve(name, version)),
    serverMetadata: () => ({
      name: parts.name,
      version: parts.version,
      extensions: parts.extensions,
    }),
    modelMetadata: (name, version) => ({
      ...resolve(name, version).metadata,
      versions: repository.versions(name).map(String),
    }),
    modelConfig: (name, version) => modelConfigToJson(resolve(name, version).config),
    modelFiles: async (name, version) => resolve(name, version).files(),
    infer: (request) =>
      gate.pass(() => {
        const model = resolve(request.modelName, request.modelVersion);
        const { trace } = request;
        return trace === undefined ? model.infer(request) : inferTraced(model, request, trace);
      }),
    statistics: (name, version) => {
      if (name !== '' && version !== '') return [resolve(name, version).statistics()];
      if (name !== '') resolve(name, '');
      return repository
        .ready()
        .filter((entry) => name === '' || entry.name === name)
        .map((entry) => entry.served.statistics());
    },
    repositoryIndex: (readyOnly) => repository.index(readyOnly),
    loadModel: (name, overrides) => repository.load(name, overrides),
    unloadModel: (name) => repository.unload(name),
    sharedMemory: parts.sharedMemory,
    logging: parts.logging,
    tracing: createServerTracing(parts.tracing, (model) => isResolvable(() => resolve(model, ''))),
    get inFlightCount() {
      return gate.count;
    },
    async drain() {
      const emptied = gate.close();
      // Nothing more will come to fill a batch, but for what models under way ask of others.
      for (const { served } of repository.ready()) served.hasten();
      await emptied;
    },
  };
}

function isResolvable(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof HeadwayError) return false;
    throw error;
  }
}

/** An empty version leaves the choice to the server. */
function parseVersion(text: string): number | undefined {
  if (text === '') return undefined;
  const version = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(version) || version < 1) {
    throw invalidArgument(
      `failed to get model version from specified version string '${text}', version should be an integral value > 0`,
    );
  }
  return version;
}
