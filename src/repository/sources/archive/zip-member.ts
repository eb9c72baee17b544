import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import {
  type MemberRequest,
  badArchive,
  maxCompressionRatio,
  memberNotFound,
} from './archive-member.ts';
import { writeChunks } from './write-chunks.ts';
import { type ZipFile, type ZipMember, readZipBytes, readZipDirectory } from './zip-directory.ts';

const regularFile = 0o100000;

/**
 * Takes one regular file out of a zip archive and checks its size and checksum. Nothing else is
 * unpacked.
 * @throws HeadwayError `not_found` without the member; `failed_precondition` for an archive that is
 * damaged, or a member that is a link, encrypted, ambiguous, too large or too strongly compressed.
 */
export async function extractZipMember(path: string, request: MemberRequest): Promise<void> {
  await using handle = await open(path, 'r');
  const { size } = await handle.stat();
  const zip: ZipFile = { name: request.archiveName, handle, sizeBytes: size };
  const members = await readZipDirectory(zip);
  const [member, ...others] = members.filter(({ name }) => name === request.member);
  if (member === undefined) {
    throw memberNotFound(
      request,
      members.map(({ name }) => name),
    );
  }
  const why = others.length > 0 ? `it has '${member.name}' twice` : refusal(member, request);
  if (why !== undefined) throw badArchive(zip.name, why);
  const start = await findData(zip, member);
  await unpack(path, start, { ...request, zipMember: member });
}

function refusal(member: ZipMember, { maxBytes }: MemberRequest): string | undefined {
  const { name, bytes, compressedBytes } = member;
  if (member.fileType !== 0 && member.fileType !== regularFile) return `'${name}' is no plain file`;
  if (member.isEncrypted) return `'${name}' is encrypted`;
  if (member.method !== 0 && member.method !== 8) {
    return `'${name}' is compressed by method ${member.method}, known are 0 (stored) and 8 (deflate)`;
  }
  if (bytes > maxBytes) return `'${name}' has ${bytes} bytes, more than the limit of ${maxBytes}`;
  if (bytes > compressedBytes * maxCompressionRatio) {
    return `'${name}' is compressed more than ${maxCompressionRatio} times`;
  }
  if (member.method === 0 && bytes !== compressedBytes) return `'${name}' has two sizes`;
  return undefined;
}

/** Where the member's data begins: behind its own header, whose length only that header tells. */
async function findData(zip: ZipFile, member: ZipMember): Promise<number> {
  const header = await readZipBytes(zip, member.headerOffset, 30);
  if (header.readUInt32LE(0) !== 0x04034b50) {
    throw badArchive(zip.name, `the header of '${member.name}' is damaged`);
  }
  const start = member.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + member.compressedBytes > zip.sizeBytes) {
    throw badArchive(zip.name, `'${member.name}' points past its end`);
  }
  return start;
}

async function unpack(
  path: string,
  start: number,
  request: MemberRequest & { readonly zipMember: ZipMember },
): Promise<void> {
  const { zipMember: member, archiveName, signal } = request;
  const damaged = (cause?: unknown) =>
    badArchive(archiveName, `'${member.name}' is damaged`, cause);
  let doneBytes = 0;
  let checksum = 0;
  async function* checked(): AsyncGenerator<Uint8Array> {
    for await (const chunk of inflate(path, start, member)) {
      signal.throwIfAborted();
      doneBytes += chunk.byteLength;
      if (doneBytes > member.bytes) throw damaged();
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  }
  try {
    await writeChunks(checked(), request.outputPath, request.onBytes);
  } catch (error) {
    const isBroken =
      error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    throw isBroken ? damaged(error) : error;
  }
  if (doneBytes !== member.bytes || checksum !== member.crc32) throw damaged();
}

async function* inflate(
  path: string,
  start: number,
  { compressedBytes, method }: ZipMember,
): AsyncGenerator<Uint8Array> {
  // A stream reads at least one byte.
  if (compressedBytes === 0) return;
  const raw = createReadStream(path, { start, end: start + compressedBytes - 1 });
  if (method === 0) {
    yield* raw;
    return;
  }
  const inflated = createInflateRaw();
  raw.on('error', (error) => inflated.destroy(error));
  yield* raw.pipe(inflated);
}
