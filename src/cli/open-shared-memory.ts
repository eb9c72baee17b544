import type { ServerConfig } from '../config/server-config.ts';
import { createSharedMemoryMapper } from '../native/shared-memory.ts';
import type { SharedMemoryRegistry } from '../server/interface.ts';
import { createSharedMemoryRegistry } from '../server/shared-memory.ts';

/** The memory that clients share with a server of this config: none where that is not allowed. */
export function openSharedMemory(config: ServerConfig): SharedMemoryRegistry & Disposable {
  return createSharedMemoryRegistry({
    isAllowed: config.allowClientSharedMemory,
    mapper: createSharedMemoryMapper(),
  });
}
