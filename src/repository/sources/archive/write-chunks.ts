import { open } from 'node:fs/promises';

/**
 * Writes chunks to a file as they come; a reader slower than the disk is waited for, and the other
 * way round. An existing file is replaced.
 */
export async function writeChunks(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  onBytes: (doneBytes: number) => void,
): Promise<void> {
  await using file = await open(path, 'w');
  let doneBytes = 0;
  for await (const chunk of chunks) {
    doneBytes += chunk.byteLength;
    onBytes(doneBytes);
    await file.writeFile(chunk);
  }
}
