import { createHash } from 'node:crypto';
import type { Parameters } from '../core/batch.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';

/** Everything an answer depends on. */
export interface CacheKeyParts {
  readonly modelName: string;
  readonly modelVersion: number;
  /** Differs between two loads of the same version, whose files may differ. */
  readonly loadId: string;
  readonly inputs: NamedTensors;
  readonly outputNames: readonly string[];
  readonly parameters: Parameters;
}

/** Answers kept in memory, the least recently used given up first. */
export interface ResponseCache {
  get(key: string): NamedTensors | undefined;
  /** Keeps a copy of the outputs; nothing when they alone exceed the cache. */
  put(key: string, outputs: NamedTensors): void;
  readonly entryCount: number;
  readonly usedBytes: number;
}

/** What an entry takes beside its tensors' bytes: key, map entry, tensor objects. */
const entryOverheadBytes = 512;

/**
 * The key of a request: SHA-256 over everything the answer depends on. A header, one line of JSON
 * that tells the length of every tensor, comes before the bytes, so no two requests look alike.
 */
export function responseCacheKey(parts: CacheKeyParts): string {
  const inputs = [...parts.inputs].toSorted(byName);
  const parameters = Object.entries(parts.parameters).toSorted(byName);
  const header = JSON.stringify([
    parts.modelName,
    parts.modelVersion,
    parts.loadId,
    inputs.map(([name, { datatype, shape, data }]) => [name, datatype, shape, data.byteLength]),
    parts.outputNames,
    parameters.map(([name, value]) => [name, typeof value, String(value)]),
  ]);
  const hash = createHash('sha256').update(`${header}\n`);
  for (const [, { data }] of inputs) hash.update(data);
  return hash.digest('base64url');
}

/** Makes an empty cache. @param maxBytes what all entries together may take. */
export function createResponseCache({ maxBytes }: { readonly maxBytes: number }): ResponseCache {
  /** From the least to the most recently used. */
  const entries = new Map<string, { readonly outputs: NamedTensors; readonly bytes: number }>();
  let usedBytes = 0;

  function remove(key: string): void {
    usedBytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.outputs;
    },
    put(key, outputs) {
      remove(key);
      const bytes = sizeBytes(outputs);
      if (bytes > maxBytes) return;
      for (const oldest of entries.keys()) {
        if (usedBytes + bytes <= maxBytes) break;
        remove(oldest);
      }
      entries.set(key, { outputs: copyTensors(outputs), bytes });
      usedBytes += bytes;
    },
    get entryCount() {
      return entries.size;
    },
    get usedBytes() {
      return usedBytes;
    },
  };
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  if (a[0] === b[0]) return 0;
  return a[0] < b[0] ? -1 : 1;
}

function sizeBytes(outputs: NamedTensors): number {
  let bytes = entryOverheadBytes;
  for (const { data } of outputs.values()) bytes += data.byteLength;
  return bytes;
}

/** Copies the bytes: a slice of a batch's output would keep all of it in memory. */
function copyTensors(outputs: NamedTensors): NamedTensors {
  const copies = new Map<string, Tensor>();
  for (const [name, { datatype, shape, data }] of outputs) {
    copies.set(name, { datatype, shape, data: new Uint8Array(data) });
  }
  return copies;
}
