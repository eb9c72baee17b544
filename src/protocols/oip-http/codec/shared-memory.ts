import { invalidArgument } from '../../../core/error.ts';
import type {
  SharedMemoryReference,
  SharedMemoryRegion,
  SharedMemoryRegistration,
} from '../../../server/interface.ts';
import { type JsonObject, jsonText, readJson } from './json.ts';
import { asObject, asText, asUnsigned } from './members.ts';

/**
 * Where a tensor's parameters say that its bytes are; `undefined` when they say nothing of it.
 * @throws HeadwayError `invalid_argument` for a wrong type.
 */
export function readSharedMemoryReference(
  parameters: JsonObject | undefined,
  owner: string,
): SharedMemoryReference | undefined {
  const region = parameters?.get('shared_memory_region');
  if (region === undefined) return undefined;
  const sizeOf = (name: string): number | bigint =>
    asUnsigned(parameters?.get(name) ?? 0, `The parameter '${name}' of ${owner}`);
  return {
    region: asText(region, `The parameter 'shared_memory_region' of ${owner}`),
    offsetBytes: sizeOf('shared_memory_offset'),
    byteLength: sizeOf('shared_memory_byte_size'),
  };
}

/** The parameters of an answered tensor that is in shared memory. */
export function writeSharedMemoryParameters(
  { region, offsetBytes }: SharedMemoryReference,
  byteLength: number,
): string {
  const offset = BigInt(offsetBytes) === 0n ? '' : `,"shared_memory_offset":${offsetBytes}`;
  return `"parameters":{"shared_memory_region":${JSON.stringify(region)},"shared_memory_byte_size":${byteLength}${offset}}`;
}

/**
 * The body of a register request: `key`, `byte_size` and perhaps `offset`.
 * @throws HeadwayError `invalid_argument`.
 */
export function decodeRegisterRequest(name: string, body: Uint8Array): SharedMemoryRegistration {
  const members =
    body.byteLength === 0 ? new Map() : asObject(readJson(jsonText(body)), 'The request');
  const member = (of: string): ReturnType<JsonObject['get']> => {
    const value = members.get(of);
    if (value !== undefined) return value;
    throw invalidArgument(`Shared memory register request has no '${of}' field`);
  };
  return {
    name,
    key: asText(member('key'), "The request's 'key'"),
    byteLength: asUnsigned(member('byte_size'), "The request's 'byte_size'"),
    offsetBytes: asUnsigned(members.get('offset') ?? 0, "The request's 'offset'"),
  };
}

/** The answer to a status request. */
export function encodeRegions(regions: readonly SharedMemoryRegion[]): string {
  return JSON.stringify(
    regions.map(({ name, key, offsetBytes, byteLength }) => ({
      name,
      key,
      offset: offsetBytes,
      byte_size: byteLength,
    })),
  );
}
