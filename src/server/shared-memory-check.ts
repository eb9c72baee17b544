import { invalidArgument } from '../core/error.ts';
import type {
  SharedMemoryReference,
  SharedMemoryRegion,
  SharedMemoryRegistration,
} from './interface.ts';

/** Memory of this prefix belongs to Triton's own helpers, and clients never have it. */
const reservedPrefix = 'triton_python_backend_shm_region_';

const maxNameLength = 256;
/** NAME_MAX of Linux. */
const maxKeyBytes = 255;
const largestSize = 2n ** 64n - 1n;

/** A registration that may be tried. */
export interface CheckedRegion {
  readonly region: SharedMemoryRegion;
  /** The key as `shm_open` takes it. */
  readonly objectName: string;
}

/**
 * Checks what a client wants to register: its name, its key, and that offset and size are numbers
 * that can be added up.
 * @throws HeadwayError `invalid_argument`.
 */
export function checkedRegion(registration: SharedMemoryRegistration): CheckedRegion {
  const { name, key } = registration;
  if (name === '' || name.length > maxNameLength) {
    throw invalidArgument(
      `The name of a shared memory region has 1 to ${maxNameLength} characters; this one has ${name.length}.`,
    );
  }
  const objectName = `/${objectOf(name, key)}`;
  const offsetBytes = toSafeSize(registration.offsetBytes);
  const byteLength = toSafeSize(registration.byteLength);
  const isPossible =
    offsetBytes !== undefined &&
    byteLength !== undefined &&
    Number.isSafeInteger(offsetBytes + byteLength);
  if (!isPossible) {
    throw invalidArgument(`failed to register shared memory region '${name}': invalid args`);
  }
  return { region: { name, key, offsetBytes, byteLength }, objectName };
}

/** The key without its leading slashes: one name, not a path. */
function objectOf(name: string, key: string): string {
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw invalidArgument(
      `cannot register shared memory region '${name}': its shm key has ${Buffer.byteLength(key)} bytes, more than ${maxKeyBytes}`,
    );
  }
  const object = key.replace(/^\/+/, '');
  if (object.startsWith(reservedPrefix)) {
    throw invalidArgument(
      `cannot register shared memory region '${name}' with key '${key}' as the key contains the reserved prefix '${reservedPrefix}'`,
    );
  }
  if (object === '' || object === '.' || object === '..' || /[/\0]/.test(object)) {
    throw invalidArgument(
      `cannot register shared memory region '${name}' - invalid shm key '${key}'`,
    );
  }
  return object;
}

/**
 * Where in a region the bytes of a reference are.
 * @throws HeadwayError `invalid_argument` for bytes that are not all inside.
 */
export function checkReference(
  { region, offsetBytes, byteLength }: SharedMemoryReference,
  regionByteLength: number,
): { readonly start: number; readonly end: number } {
  const start = toSafeSize(offsetBytes);
  if (start === undefined || start >= regionByteLength) {
    throw invalidArgument(`Invalid offset for shared memory region: '${region}'`);
  }
  if (BigInt(byteLength) > largestSize - BigInt(start)) {
    throw invalidArgument(
      `Integer overflow detected: byte_size (${byteLength}) + offset (${start}) exceeds maximum value (${largestSize}) for region '${region}'`,
    );
  }
  const length = toSafeSize(byteLength);
  if (length === undefined || length > regionByteLength - start) {
    throw invalidArgument(`Invalid offset + byte size for shared memory region: '${region}'`);
  }
  return { start, end: start + length };
}

function toSafeSize(value: number | bigint): number | undefined {
  const size = Number(value);
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}
