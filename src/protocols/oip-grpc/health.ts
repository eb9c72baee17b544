import type { CancelTimer, Clock } from '../../core/clock.ts';
import { HeadwayError } from '../../core/error.ts';
import type { InferenceServer } from '../../server/interface.ts';
import { type healthStatuses, healthAnswer, healthRequest } from './codec/health-messages.ts';
import { decodeMessage } from './codec/message.ts';
import { inferenceService } from './codec/messages.ts';
import type { GrpcMethod, MessagePieces, StreamHandler, StreamSender } from './method.ts';
import { message, plainMethod } from './unary.ts';

export interface HealthOptions {
  readonly server: InferenceServer;
  readonly clock: Clock;
}

type HealthStatus = (typeof healthStatuses)[number];

const services: readonly string[] = ['', inferenceService, 'grpc.health.v1.Health'];

/** How soon those who watch are told of a change. */
const watchIntervalMs = 500;

const maxRequestBytes = 1024;

/** grpc.health.v1.Health: Check and Watch. A service is serving when every wanted model is ready. */
export function createHealthMethods(options: HealthOptions): readonly GrpcMethod[] {
  const { server } = options;
  const statusOf = (service: string): HealthStatus => {
    if (!services.includes(service)) return 'SERVICE_UNKNOWN';
    return server.isReady() ? 'SERVING' : 'NOT_SERVING';
  };
  const watchers = createWatchers(options.clock);
  return [
    plainMethod({
      path: 'grpc.health.v1.Health/Check',
      plane: 'health',
      request: healthRequest,
      maxMessageBytes: maxRequestBytes,
      answer({ service }) {
        const status = statusOf(service);
        if (status !== 'SERVICE_UNKNOWN') return healthMessage(status);
        throw new HeadwayError('not_found', `The service '${service}' is not known.`);
      },
    }),
    {
      path: '/grpc.health.v1.Health/Watch',
      plane: 'health',
      maxMessageBytes: maxRequestBytes,
      kind: 'stream',
      open: (sender) => watch(sender, { statusOf, watchers }),
    },
  ];
}

function healthMessage(status: HealthStatus): MessagePieces {
  return message(healthAnswer, { status });
}

interface Watching {
  readonly statusOf: (service: string) => HealthStatus;
  readonly watchers: Watchers;
}

function watch(sender: StreamSender, { statusOf, watchers }: Watching): StreamHandler {
  let look: (() => void) | undefined;
  const stop = (): void => {
    if (look !== undefined) watchers.remove(look);
    look = undefined;
  };
  const close = (end: () => void): void => {
    stop();
    end();
  };
  return {
    onMessage(request, done) {
      const { service } = decodeRequest(request, sender);
      done();
      stop();
      let told: HealthStatus | undefined;
      look = () => {
        const status = statusOf(service);
        if (status === told) return;
        told = status;
        sender.send(healthMessage(status));
      };
      look();
      watchers.add(look);
    },
    onEnd: () => {
      if (look === undefined)
        sender.fail(new HeadwayError('unimplemented', 'Watch takes one message.'));
    },
    onDrained: () => {},
    onStopping: () =>
      close(() => {
        sender.send(healthMessage('NOT_SERVING'));
        sender.fail(new HeadwayError('unavailable', 'Server is stopping, the watch ends here'));
      }),
    onClosed: stop,
  };
}

function decodeRequest(request: Buffer, sender: StreamSender): { readonly service: string } {
  try {
    return decodeMessage('HealthCheckRequest', healthRequest, request);
  } catch (thrown) {
    sender.fail(thrown);
    return { service: '' };
  }
}

/** Lookers at something that changes, called again and again while there are any. */
interface Watchers {
  add(look: () => void): void;
  remove(look: () => void): void;
}

function createWatchers(clock: Clock): Watchers {
  const all = new Set<() => void>();
  let cancel: CancelTimer | undefined;
  const tick = (): void => {
    for (const look of all) look();
    cancel = all.size === 0 ? undefined : clock.schedule(watchIntervalMs, tick);
  };
  return {
    add(look) {
      all.add(look);
      cancel ??= clock.schedule(watchIntervalMs, tick);
    },
    remove(look) {
      all.delete(look);
      if (all.size > 0) return;
      cancel?.();
      cancel = undefined;
    },
  };
}
