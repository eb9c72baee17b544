import { invalidArgument } from '../../core/error.ts';
import type { SharedMemoryRegistration, SharedMemoryRegistry } from '../../server/interface.ts';
import { sendEmpty, sendJson } from '../http/respond.ts';
import type { HttpExchange, Route } from '../http/route.ts';
import { decodeRegisterRequest, encodeRegions } from './codec/shared-memory.ts';
import { failOip } from './status.ts';
import { type BodyRouteOptions, withBody } from './with-body.ts';

type Handle = (exchange: HttpExchange) => void | Promise<void>;

/** What the registration of one kind of memory is made of. */
interface Kind {
  readonly path: string;
  readonly name: string;
  readonly register: Handle;
  readonly registry: Pick<SharedMemoryRegistry, 'unregister' | 'unregisterAll' | 'status'>;
}

/** The routes of the system and CUDA shared memory extensions. */
export function createSharedMemoryRoutes(
  sharedMemory: SharedMemoryRegistry,
  options: BodyRouteOptions,
): readonly Route[] {
  return [
    ...routesOf({
      path: '/v2/systemsharedmemory',
      name: 'system',
      registry: sharedMemory,
      async register(exchange) {
        const [name = ''] = exchange.params;
        const decode = (body: Uint8Array): SharedMemoryRegistration =>
          decodeRegisterRequest(name, body);
        sharedMemory.register(await withBody(exchange, options, decode));
        sendEmpty(exchange.response, 200);
      },
    }),
    ...routesOf({
      path: '/v2/cudasharedmemory',
      name: 'cuda',
      registry: sharedMemory.cuda,
      register({ params: [name = ''], response }) {
        sharedMemory.cuda.register(name);
        sendEmpty(response, 200);
      },
    }),
  ];
}

function routesOf({ path, name: kind, register, registry }: Kind): readonly Route[] {
  const make = (method: Route['method'], suffix: string, handle: Handle): Route => ({
    method,
    path: path + suffix,
    plane: 'inference',
    handle,
    fail: failOip,
  });
  const status: Handle = ({ params: [name = ''], response }) =>
    sendJson(response, { json: encodeRegions(registry.status(name)) });
  return [
    make('GET', '/status', status),
    make('GET', '/region/{region}/status', status),
    make('POST', '/region/{region}/register', register),
    make('POST', '/register', () => {
      throw invalidArgument(`'region name' is necessary to register ${kind} shared memory region`);
    }),
    make('POST', '/region/{region}/unregister', ({ params: [name = ''], response }) => {
      registry.unregister(name);
      sendEmpty(response, 200);
    }),
    make('POST', '/unregister', ({ response }) => {
      registry.unregisterAll();
      sendEmpty(response, 200);
    }),
  ];
}
