import type { InferenceServer, SharedMemoryRegion } from '../../server/interface.ts';
import {
  type SystemRegionMessage,
  emptyMessage,
  inferenceService,
  regionReference,
  systemRegionMessage,
  systemRegionsAnswer,
} from './codec/messages.ts';
import type { GrpcMethod, MessagePieces } from './method.ts';
import { message, plainMethod } from './unary.ts';

const plane = 'inference';

/** Status, registration and its end, of system and CUDA shared memory. */
export function createSharedMemoryMethods(server: InferenceServer): readonly GrpcMethod[] {
  const registry = server.sharedMemory;
  const done: MessagePieces = message(emptyMessage, {});
  return [
    plainMethod({
      path: `${inferenceService}/SystemSharedMemoryStatus`,
      plane,
      request: regionReference,
      answer: ({ name }) =>
        message(systemRegionsAnswer, { regions: toRegions(registry.status(name)) }),
    }),
    plainMethod({
      path: `${inferenceService}/SystemSharedMemoryRegister`,
      plane,
      request: systemRegionMessage,
      answer({ name, key, offset, byte_size: byteLength }) {
        registry.register({ name, key, offsetBytes: offset, byteLength });
        return done;
      },
    }),
    plainMethod({
      path: `${inferenceService}/SystemSharedMemoryUnregister`,
      plane,
      request: regionReference,
      answer({ name }) {
        if (name === '') registry.unregisterAll();
        else registry.unregister(name);
        return done;
      },
    }),
    plainMethod({
      path: `${inferenceService}/CudaSharedMemoryStatus`,
      plane,
      request: regionReference,
      answer({ name }) {
        // Nothing is ever registered: this answers an empty message, or fails.
        registry.cuda.status(name);
        return done;
      },
    }),
    plainMethod({
      path: `${inferenceService}/CudaSharedMemoryRegister`,
      plane,
      request: regionReference,
      answer({ name }) {
        registry.cuda.register(name);
        return done;
      },
    }),
    plainMethod({
      path: `${inferenceService}/CudaSharedMemoryUnregister`,
      plane,
      request: regionReference,
      answer({ name }) {
        if (name === '') registry.cuda.unregisterAll();
        else registry.cuda.unregister(name);
        return done;
      },
    }),
  ];
}

function toRegions(
  regions: readonly SharedMemoryRegion[],
): Readonly<Record<string, SystemRegionMessage>> {
  return Object.fromEntries(
    regions.map(({ name, key, offsetBytes, byteLength }) => [
      name,
      { name, key, offset: offsetBytes, byte_size: byteLength },
    ]),
  );
}
