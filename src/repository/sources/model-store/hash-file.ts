import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export interface FileDigest {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads a file once and returns its checksum and size. */
export async function hashFile(
  path: string,
  options: { readonly signal: AbortSignal; readonly onBytes: (doneBytes: number) => void },
): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = createReadStream(path, { highWaterMark: 2 ** 20, signal: options.signal });
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    options.onBytes(bytes);
  }
  return { sha256: hash.digest('hex'), bytes };
}
