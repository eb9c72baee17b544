import { createSystemClock } from '../core/clock.ts';
import { silentLogger } from '../core/logger.ts';
import { type BodyLimits, defaultBodyLimits } from '../protocols/http/limits.ts';
import type { Authorize } from '../protocols/http/route.ts';
import type { SecureContextSource } from '../protocols/http/tls.ts';
import { createOipGrpcMethods } from '../protocols/oip-grpc/methods.ts';
import { type GrpcServer, startGrpcServer } from '../protocols/oip-grpc/server.ts';
import { type SessionLimits, defaultSessionLimits } from '../protocols/oip-grpc/session-limits.ts';
import type { InferenceServer } from '../server/interface.ts';
import type { Clock } from '../core/clock.ts';

export interface OipGrpcServerOptions {
  readonly limits?: Partial<BodyLimits>;
  readonly sessions?: Partial<SessionLimits>;
  readonly authorize?: Authorize;
  readonly tls?: SecureContextSource;
  readonly clock?: Clock;
}

/** An OIP gRPC server on a free loopback port. */
export function startOipGrpcServer(
  server: InferenceServer,
  options: OipGrpcServerOptions = {},
): Promise<GrpcServer> {
  const { tls, authorize = () => {}, clock = createSystemClock() } = options;
  const limits = { ...defaultBodyLimits, ...options.limits };
  return startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    methods: createOipGrpcMethods({ server, clock, limits }),
    authorize,
    bodyLimits: limits,
    sessionLimits: { ...defaultSessionLimits, ...options.sessions },
    tls,
    clock,
    logger: silentLogger,
  });
}
