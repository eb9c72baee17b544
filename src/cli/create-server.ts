import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { createScriptBackend } from '../backends/script/script-backend.ts';
import type { Backend } from '../backends/backend.ts';
import { type ServerConfigInput, resolveServerConfig } from '../config/resolve-server-config.ts';
import type { ServerConfig } from '../config/server-config.ts';
import { type Clock, createSystemClock } from '../core/clock.ts';
import { HeadwayError } from '../core/error.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import type { MetricFamily } from '../metrics/exposition.ts';
import { createProcessSampler } from '../metrics/process-sample.ts';
import { renderMetrics } from '../metrics/render-metrics.ts';
import { createRepository } from '../repository/create-repository.ts';
import { createControlledLogger, createLogControl, type LogControl } from '../server/logging.ts';
import { createResponseCache } from '../scheduler/response-cache.ts';
import { type DrainableServer, createInferenceServer } from '../server/inference-server.ts';
import { createModelCalls } from '../server/model-calls.ts';
import { createOpenVersion } from '../server/open-version.ts';
import type { ServedModel } from '../server/served-model.ts';
import type { Repository } from '../repository/repository.ts';
import { createThreadCheck } from './check-threads.ts';
import type { Listeners } from './listeners.ts';
import { openTracing } from './open-tracing.ts';
import { openSharedMemory } from './open-shared-memory.ts';
import { sourceEnvironment, storeDirectory } from './source-settings.ts';
import { type StartingRuntime, startRuntime } from './start-runtime.ts';
import { packageFile, readHeadwayVersion } from './version.ts';

/** A server that answers requests. Disposing it is closing it. */
export interface RunningServer extends AsyncDisposable {
  /** That of gRPC is `host:port`, as its clients take it. */
  readonly urls: { readonly http: string; readonly grpc: string; readonly metrics: string };
  /** Whether every wanted model is in service. */
  isReady(): boolean;
  /**
   * Not ready from now on; answers what was accepted, for at most the configured exit timeout, and
   * frees everything. Calling it again waits for the same end.
   */
  close(): Promise<void>;
}

/** What a program that embeds the server may bring along. */
export interface CreateServerOptions {
  /** Where the server's own words go; silent when not given. */
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Which of its words are let through, for programs whose logger wants to know the format. */
  readonly logControl?: LogControl;
  /**
   * Ends the wait for the models: the server is returned as it is then. Closing it keeps those from
   * loading that wait their turn.
   */
  readonly signal?: AbortSignal;
}

const eventLoopResolutionMs = 20;

const headStartMs = 200;

/** Extensions of the Open Inference Protocol that work, as `/v2` lists them. */
const extensions = [
  'classification',
  'model_repository',
  'schedule_policy',
  'model_configuration',
  'binary_tensor_data',
  'parameters',
  'statistics',
  'trace',
  'logging',
] as const;

/**
 * Starts a server: loads the models, listens meanwhile, so that health can be asked, and resolves
 * when the models wanted at start are in service or have failed.
 * @throws HeadwayError `invalid_argument` for a wrong setting, `failed_precondition` when a port is
 * taken or the runtime's library cannot be used.
 */
export async function createServer(
  input: ServerConfigInput,
  options: CreateServerOptions = {},
): Promise<RunningServer> {
  const config = resolveServerConfig([{ from: 'createServer', values: input }]);
  const logControl = options.logControl ?? createLogControl(config.logLevel);
  const logger = createControlledLogger(options.logger ?? silentLogger, logControl);
  return startServer(config, {
    runtime: startRuntime(config, logger),
    logger,
    clock: options.clock ?? createSystemClock(),
    logControl,
    signal: options.signal ?? new AbortController().signal,
  });
}

/** What a server is started with: as `createServer`, and the runtime, which may be starting. */
interface StartServerOptions extends Required<CreateServerOptions> {
  readonly runtime: StartingRuntime;
}

/** As `createServer`, with a config that is already complete. */
export async function startServer(
  config: ServerConfig,
  { runtime, logger, clock, logControl, signal }: StartServerOptions,
): Promise<RunningServer> {
  await using resources = new AsyncDisposableStack();
  const stopping = new AbortController();
  const surroundings = { runtime, clock, logger, signal: stopping.signal };
  const repository = resources.use(await openModelRepository(config, surroundings, resources));
  const traces = resources.use(await openTracing(config, { clock, logger }));
  const sharedMemory = resources.use(openSharedMemory(config));
  // When the start fails, what is being loaded or downloaded must not be waited for.
  resources.defer(() => stopping.abort());
  const server = createInferenceServer({
    repository,
    name: config.serverName,
    version: readHeadwayVersion(),
    extensions: config.allowClientSharedMemory
      ? [...extensions, 'system_shared_memory']
      : extensions,
    sharedMemory,
    logging: logControl,
    tracing: traces.tracing,
  });
  const metrics = resources.use(createMetricsRenderer(repository, traces.metrics));
  const loaded = repository.start();
  loaded.catch(() => {});
  // Reading the front-ends in holds this thread up: the first session is given to another before.
  await Promise.race([loaded, runtime.sessionBegun, headStart(clock)]);
  await runtime.backend.started;
  const { startListeners } = await import('./listeners.ts');
  const listeners = resources.use(
    await startListeners({ config, server, renderMetrics: metrics.render, clock, logger }),
  );
  const owned = resources.move();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= drainAndDispose({ config, server, listeners, owned, stopping, clock, logger }));
  try {
    await Promise.race([loaded, whenAborted(signal)]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    urls: listeners.urls,
    isReady: () => server.isReady(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** How long the front-ends wait at most for a model to get that far. */
function headStart(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.schedule(headStartMs, resolve));
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** @param resources takes what the repository's models run on. */
async function openModelRepository(
  config: ServerConfig,
  surroundings: Surroundings,
  resources: AsyncDisposableStack,
): Promise<Repository<ServedModel>> {
  const { runtime, clock, logger } = surroundings;
  const onnxruntime = resources.use(runtime.backend);
  const scripts = createScriptBackend({
    isAllowed: config.allowScripts,
    mainPath: packageFile('backends/script/process/main'),
    callModel: createModelCalls({
      resolve: (model, version) => repository.resolve(model, version),
      clock,
    }),
    clock,
    logger,
  });
  const backends = [onnxruntime, scripts];
  const repository = createModelRepository(config, { ...surroundings, backends });
  return repository;
}

type Surroundings = Omit<StartServerOptions, 'logControl'>;

function createModelRepository(
  config: ServerConfig,
  parts: Required<Omit<CreateServerOptions, 'logControl'>> & {
    readonly backends: readonly Backend[];
  },
): Repository<ServedModel> {
  const { backends, clock, logger, signal } = parts;
  const open = createOpenVersion({
    backends: new Map(backends.map((backend) => [backend.name, backend])),
    cache:
      config.responseCacheBytes > 0
        ? createResponseCache({ maxBytes: config.responseCacheBytes })
        : undefined,
    clock,
    logger,
  });
  const checkThreads = createThreadCheck(process.env['UV_THREADPOOL_SIZE'], logger);
  const repository = createRepository<ServedModel>({
    roots: config.modelRepositories,
    control: config,
    maxQueueSize: config.maxQueueSize,
    open: async (spec) => {
      if (signal.aborted) throw new HeadwayError('cancelled', 'the server is stopping');
      const served = await open(spec);
      // What is in service by this name may be what this takes the place of.
      const others = repository.ready().filter(({ name }) => name !== spec.name);
      checkThreads([...others.map((entry) => entry.served), served]);
      return served;
    },
    acquireSource: createSourceAcquirer(config, clock, signal),
    clock,
    logger,
  });
  return repository;
}

/** Gets the files that model configs name as their source; nothing of it is loaded before. */
function createSourceAcquirer(
  config: ServerConfig,
  clock: Clock,
  signal: AbortSignal,
): (source: string) => Promise<string> {
  const surroundings = { env: process.env, cwd: process.cwd() };
  return async (source) => {
    const { resolveModelSource } = await import('../repository/sources/resolve-model-source.ts');
    const { createModelStore } = await import('../repository/sources/model-store/model-store.ts');
    const { defaultSourceLimits } = await import('../repository/sources/fetch-context.ts');
    const store = createModelStore(storeDirectory(surroundings, config.home));
    const model = await resolveModelSource(source, store, {
      ...sourceEnvironment(surroundings, []),
      allowedSources: config.allowedSources,
      limits: defaultSourceLimits,
      clock,
      signal,
      update: false,
      onProgress: () => {},
    });
    return model.path;
  };
}

interface MetricsRenderer extends Disposable {
  /** Writes the metrics of every version in service and of this process. */
  readonly render: () => string;
}

function createMetricsRenderer(
  repository: Repository<ServedModel>,
  others: () => readonly MetricFamily[],
): MetricsRenderer {
  const eventLoopDelay = monitorEventLoopDelay({ resolution: eventLoopResolutionMs });
  eventLoopDelay.enable();
  const sampleProcess = createProcessSampler(eventLoopDelay, eventLoopResolutionMs);
  return {
    render: () =>
      renderMetrics(
        repository.ready().map((entry) => entry.served.metrics),
        sampleProcess(),
        others(),
      ),
    [Symbol.dispose]: () => void eventLoopDelay.disable(),
  };
}

interface Closing {
  readonly config: ServerConfig;
  readonly server: DrainableServer;
  readonly listeners: Listeners;
  readonly owned: AsyncDisposableStack;
  /** Ends what loads models. */
  readonly stopping: AbortController;
  readonly clock: Clock;
  readonly logger: Logger;
}

async function drainAndDispose(closing: Closing): Promise<void> {
  const { config, server, listeners, clock, logger } = closing;
  const endMs = clock.nowMs() + config.exitTimeoutMs;
  closing.stopping.abort();
  logger.info('Stopping: finishing the requests in flight.', { inFlight: server.inFlightCount });
  const { promise: timedOut, resolve } = Promise.withResolvers<void>();
  const cancel = clock.schedule(config.exitTimeoutMs, resolve);
  await Promise.race([server.drain(), timedOut]);
  cancel();
  if (server.inFlightCount > 0) {
    logger.warning('The exit timeout is over: requests in flight are cut off.', {
      inFlight: server.inFlightCount,
    });
  }
  await listeners.drain(Math.max(0, endMs - clock.nowMs()));
  await closing.owned.disposeAsync();
}
