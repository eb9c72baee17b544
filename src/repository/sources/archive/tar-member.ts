import { Parser, type ReadEntry } from 'tar';
import {
  type MemberRequest,
  badArchive,
  maxCompressionRatio,
  maxMemberCount,
  memberNotFound,
} from './archive-member.ts';
import { writeChunks } from './write-chunks.ts';

/**
 * Takes one regular file out of a tar archive, gzipped or not, as it streams by. The archive's top
 * folder, whatever its name, is no part of the member's path. Nothing else is written, and the
 * archive is read to its end, so that whoever checks its integrity can.
 * @throws HeadwayError `not_found` without the member; `failed_precondition` for an archive that is
 * broken, too large unpacked or too strongly compressed, or a member that is a link or a device.
 */
export async function extractTarMember(
  archive: AsyncIterable<Uint8Array>,
  request: MemberRequest,
): Promise<void> {
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  ended.catch(() => {});
  const reader = createEntryReader(request, fail);
  const parser = new Parser({
    strict: true,
    maxDecompressionRatio: maxCompressionRatio,
    onReadEntry: (entry) => reader.read(entry),
  });
  parser.on('end', end);
  parser.on('error', (cause) => fail(badArchive(request.archiveName, describe(cause), cause)));
  try {
    for await (const chunk of archive) {
      request.signal.throwIfAborted();
      if (!parser.write(asBuffer(chunk))) await Promise.race([drained(parser), ended]);
    }
    parser.end();
    await ended;
    await reader.finish();
  } catch (error) {
    await reader.abandon();
    throw error;
  }
}

function createEntryReader(request: MemberRequest, fail: (error: unknown) => void) {
  const names: string[] = [];
  let totalBytes = 0;
  let wanted: ReadEntry | undefined;
  let written: Promise<void> | undefined;

  function check(entry: ReadEntry, name: string): string | undefined {
    if (names.length > maxMemberCount) return `it has more than ${maxMemberCount} members`;
    if (totalBytes > request.maxBytes) return `it unpacks to more than ${request.maxBytes} bytes`;
    if (name !== request.member) return undefined;
    if (written !== undefined) return `it has '${name}' twice`;
    if (!/^(?:Old|Contiguous)?File$/.test(entry.type)) return `'${name}' is a ${entry.type}`;
    return undefined;
  }

  return {
    read(entry: ReadEntry): void {
      const name = entry.path.replace(/^(?:\.\/)?[^/]*\//, '');
      totalBytes += entry.size;
      names.push(name);
      const why = check(entry, name);
      if (why !== undefined) fail(badArchive(request.archiveName, why));
      if (why !== undefined || name !== request.member) {
        entry.resume();
        return;
      }
      wanted = entry;
      // Destroying an entry raises an error, whether or not anyone still reads it.
      entry.on('error', () => {});
      written = writeChunks(entry, request.outputPath, request.onBytes);
      written.catch(fail);
    },
    async finish(): Promise<void> {
      if (written === undefined) throw memberNotFound(request, names);
      await written;
    },
    /** Lets go of the output file. */
    async abandon(): Promise<void> {
      wanted?.destroy(new Error('abandoned'));
      await written?.catch(() => {});
    },
  };
}

function drained(parser: Parser): Promise<void> {
  return new Promise((resolve) => void parser.once('drain', resolve));
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'it is damaged';
}
