import { once } from 'node:events';
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
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const take = createEntryReader(request, fail);
  const parser = new Parser({
    strict: true,
    maxDecompressionRatio: maxCompressionRatio,
    onReadEntry: (entry) => take.entry(entry),
  });
  parser.on('error', (cause) => fail(badArchive(request.archiveName, describe(cause), cause)));
  const ended = once(parser, 'end');
  ended.catch(() => {});
  for await (const chunk of archive) {
    request.signal.throwIfAborted();
    if (!parser.write(asBuffer(chunk))) await Promise.race([once(parser, 'drain'), failed]);
  }
  parser.end();
  await Promise.race([ended, failed]);
  await Promise.race([take.finish(), failed]);
}

function createEntryReader(request: MemberRequest, fail: (error: unknown) => void) {
  const names: string[] = [];
  let totalBytes = 0;
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
    entry(entry: ReadEntry): void {
      const name = entry.path.replace(/^(?:\.\/)?[^/]*\//, '');
      totalBytes += entry.size;
      names.push(name);
      const why = check(entry, name);
      if (why !== undefined) fail(badArchive(request.archiveName, why));
      if (why !== undefined || name !== request.member) {
        entry.resume();
        return;
      }
      written = writeChunks(entry, request.outputPath, request.onBytes);
      written.catch(fail);
    },
    async finish(): Promise<void> {
      if (written === undefined) throw memberNotFound(request, names);
      await written;
    },
  };
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'it is damaged';
}
