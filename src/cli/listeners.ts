import { headerPatternOf } from '../config/header-pattern.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { createHttpHandler } from '../protocols/http/handler.ts';
import { createKeyAuthorizer, hashApiKey } from '../protocols/http/authorize.ts';
import { type BodyLimits, defaultBodyLimits } from '../protocols/http/limits.ts';
import type { Authorize, Route } from '../protocols/http/route.ts';
import {
  type HttpServer,
  type HttpServerOptions,
  defaultConnectionLimits,
  startHttpServer,
} from '../protocols/http/server.ts';
import type { SecureContextSource } from '../protocols/http/tls.ts';
import { createOipGrpcMethods } from '../protocols/oip-grpc/methods.ts';
import { type GrpcServer, startGrpcServer } from '../protocols/oip-grpc/server.ts';
import { defaultSessionLimits } from '../protocols/oip-grpc/session-limits.ts';
import { createMetricsRoutes } from '../protocols/metrics/routes.ts';
import { withDocumentation } from '../protocols/oip-http/openapi/routes.ts';
import { createOipRoutes } from '../protocols/oip-http/routes.ts';
import type { InferenceServer } from '../server/interface.ts';
import { createYoungCollector } from './collect-young.ts';

/** What the listening ports are made of. */
export interface ListenerParts {
  readonly config: ServerConfig;
  readonly server: InferenceServer;
  /** Writes the exposition of `/metrics`. */
  readonly renderMetrics: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The ports a server listens on. Disposing closes them at once. */
export interface Listeners extends AsyncDisposable {
  /** That of gRPC is `host:port`, as its clients take it. */
  readonly urls: { readonly http: string; readonly grpc: string; readonly metrics: string };
  /** Accepts nothing more and resolves when what was asked is answered, or `timeoutMs` is over. */
  drain(timeoutMs: number): Promise<void>;
}

/**
 * Listens for the inference protocol and for metrics, behind the same keys and certificate.
 * @throws HeadwayError `failed_precondition` when an address cannot be listened on, or a TLS file
 * cannot be used.
 */
export async function startListeners(parts: ListenerParts): Promise<Listeners> {
  const { config, server, clock } = parts;
  await using opened = new AsyncDisposableStack();
  const tls = await openTls(parts);
  if (tls !== undefined) opened.use(tls);
  const limits = {
    ...defaultBodyLimits,
    maxBodyBytes: config.maxBodyBytes,
    collectYoung: createYoungCollector(),
  };
  const headerPattern = headerPatternOf(config, 'httpHeaderForwardPattern');
  const http = opened.use(
    await listen(
      parts,
      documented(parts, createOipRoutes({ server, clock, limits, headerPattern })),
      {
        host: config.httpHost,
        port: config.httpPort,
        tls,
      },
    ),
  );
  const grpc = opened.use(await listenGrpc(parts, { limits, tls }));
  const metrics = opened.use(
    await listen(parts, createMetricsRoutes(parts.renderMetrics), {
      host: config.metricsHost,
      port: config.metricsPort,
      tls,
    }),
  );
  const owned = opened.move();
  return {
    urls: { http: http.url, grpc: grpc.target, metrics: metrics.url },
    async drain(timeoutMs) {
      await Promise.all([http, grpc, metrics].map((listener) => listener.drain(timeoutMs)));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The certificate of every port; `undefined` when they speak without TLS. */
async function openTls({
  config,
  clock,
  logger,
}: ListenerParts): Promise<SecureContextSource | undefined> {
  const { tlsCertificate: certificate, tlsKey: key, tlsClientCa: clientCa } = config;
  if (certificate === undefined || key === undefined) return undefined;
  const { openSecureContextSource } = await import('../protocols/http/tls.ts');
  return openSecureContextSource({ certificate, key, clientCa }, { clock, logger });
}

/** With the documentation of the routes beside them. */
function documented({ config, server }: ListenerParts, routes: readonly Route[]): readonly Route[] {
  const { version } = server.serverMetadata();
  return withDocumentation(routes, { version, needsKey: config.apiKeys.length > 0 });
}

function listenGrpc(
  { config, server, clock, logger }: ListenerParts,
  { limits, tls }: { readonly limits: BodyLimits; readonly tls: SecureContextSource | undefined },
): Promise<GrpcServer> {
  return startGrpcServer({
    host: config.grpcHost,
    port: config.grpcPort,
    methods: createOipGrpcMethods({
      server,
      clock,
      limits,
      headerPattern: headerPatternOf(config, 'grpcHeaderForwardPattern'),
    }),
    authorize: createAuthorizer(config),
    bodyLimits: limits,
    sessionLimits: { ...defaultSessionLimits, maxHeaderBytes: config.maxHeaderBytes },
    tls,
    clock,
    logger,
  });
}

function createAuthorizer({ apiKeys }: ServerConfig): Authorize {
  return createKeyAuthorizer(
    apiKeys.map((key) => ({
      sha256: hashApiKey(key),
      planes: ['inference', 'admin', 'observability'],
    })),
  );
}

function listen(
  { config, clock, logger }: ListenerParts,
  routes: readonly Route[],
  address: Pick<HttpServerOptions, 'host' | 'port' | 'tls'>,
): Promise<HttpServer> {
  const authorize = createAuthorizer(config);
  return startHttpServer({
    ...address,
    handler: createHttpHandler({ routes, authorize, clock, logger }),
    limits: { ...defaultConnectionLimits, maxHeaderBytes: config.maxHeaderBytes },
    maxBodyBytes: config.maxBodyBytes,
    clock,
    logger,
  });
}
