import { HeadwayError, invalidArgument } from '../core/error.ts';
import type { SharedMapping, SharedMemoryMapper } from '../native/shared-memory.ts';
import type {
  SharedMemoryLease,
  SharedMemoryReference,
  SharedMemoryRegion,
  SharedMemoryRegistration,
  SharedMemoryRegistry,
} from './interface.ts';
import { checkedRegion, checkReference } from './shared-memory-check.ts';

export interface SharedMemoryOptions {
  /** Whether clients may share memory with this server. */
  readonly isAllowed: boolean;
  readonly mapper: SharedMemoryMapper;
}

interface Entry {
  readonly region: SharedMemoryRegion;
  readonly mapping: SharedMapping;
  /** Requests that use it. */
  useCount: number;
  /**
   * Unregistered while in use: goes with its last user. Until then new requests may still borrow it,
   * as Triton's own test of many requests on one region wants; who keeps it busy keeps it.
   */
  isLeaving: boolean;
}

/** Each region keeps one file open. */
const maxRegionCount = 1024;

/**
 * Makes the registry of the memory that clients share, empty. The texts of its errors are those
 * Triton's clients match on.
 * Source: system shared memory extension of the Open Inference Protocol as Triton has it.
 */
export function createSharedMemoryRegistry(
  options: SharedMemoryOptions,
): SharedMemoryRegistry & Disposable {
  const { isAllowed, mapper } = options;
  const entries = new Map<string, Entry>();

  const remove = (entry: Entry): void => {
    entry.isLeaving = true;
    if (entry.useCount > 0) return;
    entries.delete(entry.region.name);
    entry.mapping[Symbol.dispose]();
  };
  const removeAll = (): void => {
    for (const entry of entries.values()) remove(entry);
  };

  return {
    register(registration) {
      assertAllowed(isAllowed);
      const entry = createEntry(registration, entries, mapper);
      entries.set(entry.region.name, entry);
    },
    unregister(name) {
      assertAllowed(isAllowed);
      const entry = entries.get(name);
      if (entry !== undefined) remove(entry);
    },
    unregisterAll() {
      assertAllowed(isAllowed);
      removeAll();
    },
    status(name) {
      if (name === '') return [...entries.values()].map(({ region }) => region);
      const entry = entries.get(name);
      if (entry !== undefined) return [entry.region];
      throw new HeadwayError(
        'not_found',
        `Unable to find system shared memory region: '${name.slice(0, 256)}'`,
      );
    },
    lease: () => createLease(entries, remove),
    cuda: createCudaAnswers(isAllowed, entries),
    [Symbol.dispose]: removeAll,
  };
}

function assertAllowed(isAllowed: boolean): void {
  if (isAllowed) return;
  throw new HeadwayError(
    'unimplemented',
    "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.",
  );
}

function createEntry(
  registration: SharedMemoryRegistration,
  entries: ReadonlyMap<string, Entry>,
  mapper: SharedMemoryMapper,
): Entry {
  const { region, objectName } = checkedRegion(registration);
  const { name } = region;
  if (entries.has(name)) {
    throw new HeadwayError('already_exists', `shared memory region '${name}' already in manager`);
  }
  if (entries.size >= maxRegionCount) {
    throw new HeadwayError(
      'resource_exhausted',
      `failed to register shared memory region '${name}': there are ${maxRegionCount} already, the most there may be`,
    );
  }
  const mapping = mapper.map(objectName, region.offsetBytes, region.byteLength);
  if (mapping === undefined) {
    throw invalidArgument(`failed to register shared memory region '${name}': invalid args`);
  }
  return { region, mapping, useCount: 0, isLeaving: false };
}

function createLease(
  entries: ReadonlyMap<string, Entry>,
  remove: (entry: Entry) => void,
): SharedMemoryLease {
  const used = new Set<Entry>();
  let holderCount = 1;

  const letGo = (): void => {
    holderCount -= 1;
    if (holderCount > 0) return;
    for (const entry of used) {
      entry.useCount -= 1;
      if (entry.isLeaving) remove(entry);
    }
    used.clear();
  };
  return {
    borrow(reference) {
      const entry = entries.get(reference.region);
      const bytes = findBytes(entry, reference);
      if (entry !== undefined && !used.has(entry)) {
        used.add(entry);
        entry.useCount += 1;
      }
      return bytes;
    },
    hold() {
      holderCount += 1;
      return letGo;
    },
    release: letGo,
  };
}

function findBytes(entry: Entry | undefined, reference: SharedMemoryReference): Uint8Array {
  if (entry === undefined) {
    throw new HeadwayError(
      'not_found',
      `Unable to find shared memory region: '${reference.region.slice(0, 256)}'`,
    );
  }
  const { start, end } = checkReference(reference, entry.region.byteLength);
  if (!entry.mapping.isWhole()) {
    throw invalidArgument(
      `The memory object of shared memory region '${entry.region.name}' was made smaller after it was registered. Unregister the region and register it anew.`,
    );
  }
  return entry.mapping.bytes.subarray(start, end);
}

function createCudaAnswers(
  isAllowed: boolean,
  entries: ReadonlyMap<string, Entry>,
): SharedMemoryRegistry['cuda'] {
  return {
    register(name) {
      assertAllowed(isAllowed);
      throw invalidArgument(
        `failed to register CUDA shared memory region: '${name.slice(0, 256)}', GPUs not supported`,
      );
    },
    unregister: () => assertAllowed(isAllowed),
    unregisterAll: () => assertAllowed(isAllowed),
    status(name) {
      if (name === '') return [];
      throw new HeadwayError(
        'not_found',
        entries.has(name)
          ? `The region named '${name}' is registered as system shared memory, not CUDA shared memory`
          : `Unable to find cuda shared memory region: '${name.slice(0, 256)}'`,
      );
    },
  };
}
