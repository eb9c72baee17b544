import { koffi } from '../koffi.ts';
import type { NativePointer } from './api-table.ts';

/**
 * The address of memory of ours. It is good for as long as the array is referenced; an array that
 * native code holds on to must be kept by whoever handed it over.
 */
export function addressOf(memory: NodeJS.TypedArray): NativePointer {
  return koffi.address(memory);
}

/** A place for a native function to put one pointer or 64-bit number. */
export interface OutSlot {
  readonly address: NativePointer;
  /** What was put there. */
  take(): NativePointer;
}

/** Makes an out-parameter to be used again and again. */
export function createOutSlot(): OutSlot {
  const memory = new BigUint64Array(1);
  return {
    address: addressOf(memory),
    take: () => memory[0] ?? 0n,
  };
}

/** NUL-terminated UTF-8 text in memory of ours. */
function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

/** A file path as the runtime takes it: UTF-16 on Windows, UTF-8 elsewhere. */
export function pathString(path: string): Buffer {
  return process.platform === 'win32' ? Buffer.from(`${path}\0`, 'utf16le') : cString(path);
}

/** Texts as a C array of C strings. Keep the object for as long as native code may read it. */
export interface CStringArray {
  readonly addresses: BigUint64Array;
  readonly texts: readonly Buffer[];
}

export function cStringArray(texts: readonly string[]): CStringArray {
  const buffers = texts.map(cString);
  return { addresses: BigUint64Array.from(buffers, addressOf), texts: buffers };
}

/** The text at an address. */
export function readCString(address: NativePointer): string {
  return koffi.decode.string(address);
}

/** The pointers in an array of them. */
export function readPointers(address: NativePointer, count: number): NativePointer[] {
  return Array.from(
    { length: count },
    (_, index) => koffi.decode(address, index * 8, 'void*') as NativePointer,
  );
}

/** Copies native memory into memory of ours. */
export function copyFromNative(address: NativePointer, target: Uint8Array): void {
  if (target.byteLength === 0) return;
  target.set(new Uint8Array(koffi.view(address, target.byteLength)));
}

/** Copies memory of ours to native memory. */
export function copyToNative(source: Uint8Array, address: NativePointer): void {
  if (source.byteLength === 0) return;
  new Uint8Array(koffi.view(address, source.byteLength)).set(source);
}
