import type { FileHandle } from 'node:fs/promises';
import { badArchive, maxMemberCount } from './archive-member.ts';

/** A member as the central directory of a zip archive lists it (PKWARE APPNOTE 4.3.12). */
export interface ZipMember {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
  /** The Unix file type bits, 0 where the archive has none. */
  readonly fileType: number;
}

/** An open zip archive. */
export interface ZipFile {
  readonly name: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

interface DirectoryExtent {
  readonly memberCount: number;
  readonly offset: number;
  readonly lengthBytes: number;
}

const endBytes = 22;
const maxCommentBytes = 0xffff;
const maxDirectoryBytes = 64 * 2 ** 20;

/**
 * Reads the central directory of a zip archive, large archives (zip64) included.
 * @throws HeadwayError `failed_precondition` when it is damaged or has too many members.
 */
export async function readZipDirectory(zip: ZipFile): Promise<ZipMember[]> {
  const extent = await findDirectory(zip);
  if (extent.memberCount > maxMemberCount || extent.lengthBytes > maxDirectoryBytes) {
    throw badArchive(zip.name, `it has more than ${maxMemberCount} members`);
  }
  const directory = await readZipBytes(zip, extent.offset, extent.lengthBytes);
  const members: ZipMember[] = [];
  let offset = 0;
  while (members.length < extent.memberCount) {
    if (offset + 46 > directory.length || directory.readUInt32LE(offset) !== 0x02014b50) {
      throw badArchive(zip.name, 'its directory is damaged');
    }
    const tailBytes =
      directory.readUInt16LE(offset + 28) +
      directory.readUInt16LE(offset + 30) +
      directory.readUInt16LE(offset + 32);
    const end = offset + 46 + tailBytes;
    if (end > directory.length) throw badArchive(zip.name, 'its directory is damaged');
    members.push(parseMember(zip, directory.subarray(offset, end)));
    offset = end;
  }
  return members;
}

/** Reads bytes of an archive. @throws HeadwayError `failed_precondition` past its end. */
export async function readZipBytes(zip: ZipFile, offset: number, length: number): Promise<Buffer> {
  if (offset < 0 || length < 0 || offset + length > zip.sizeBytes) {
    throw badArchive(zip.name, 'it is damaged: it points past its end');
  }
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await zip.handle.read(bytes, 0, length, offset);
  if (bytesRead !== length) throw badArchive(zip.name, 'it is cut off');
  return bytes;
}

async function findDirectory(zip: ZipFile): Promise<DirectoryExtent> {
  const tailBytes = Math.min(zip.sizeBytes, endBytes + maxCommentBytes);
  const tailOffset = zip.sizeBytes - tailBytes;
  const tail = await readZipBytes(zip, tailOffset, tailBytes);
  const end = findEndRecord(tail);
  if (end === undefined) throw badArchive(zip.name, 'it is no zip archive, or is cut off');
  const plain = {
    memberCount: tail.readUInt16LE(end + 10),
    lengthBytes: tail.readUInt32LE(end + 12),
    offset: tail.readUInt32LE(end + 16),
  };
  const isLarge = plain.memberCount === 0xffff || plain.offset === 0xffffffff;
  if (!isLarge) return plain;
  const locator = await readZipBytes(zip, tailOffset + end - 20, 20);
  if (locator.readUInt32LE(0) !== 0x07064b50) throw badArchive(zip.name, 'its end is damaged');
  const record = await readZipBytes(zip, readSize(locator, 8), 56);
  if (record.readUInt32LE(0) !== 0x06064b50) throw badArchive(zip.name, 'its end is damaged');
  return {
    memberCount: readSize(record, 32),
    lengthBytes: readSize(record, 40),
    offset: readSize(record, 48),
  };
}

/** The place of the end record: the last one whose comment reaches exactly to the end. */
function findEndRecord(tail: Buffer): number | undefined {
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue;
    if (at + endBytes + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return undefined;
}

function parseMember(zip: ZipFile, record: Buffer): ZipMember {
  const nameEnd = 46 + record.readUInt16LE(28);
  const extraEnd = nameEnd + record.readUInt16LE(30);
  const large = readLargeFields(record.subarray(nameEnd, extraEnd));
  // The large fields stand in this order, each only where the plain one is all ones.
  const field = (at: number): number => {
    const value = record.readUInt32LE(at);
    if (value !== 0xffffffff) return value;
    const largeValue = large.shift();
    if (largeValue === undefined) throw badArchive(zip.name, 'its directory is damaged');
    return largeValue;
  };
  const bytes = field(24);
  const compressedBytes = field(20);
  const headerOffset = field(42);
  const isFromUnix = record.readUInt8(5) === 3;
  return {
    name: record.toString('utf8', 46, nameEnd),
    isEncrypted: (record.readUInt16LE(8) & 0x41) !== 0,
    method: record.readUInt16LE(10),
    crc32: record.readUInt32LE(16),
    compressedBytes,
    bytes,
    headerOffset,
    fileType: isFromUnix ? record.readUInt16LE(40) & 0o170000 : 0,
  };
}

function readLargeFields(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    const body = extra.subarray(at + 4, at + 4 + length);
    if (extra.readUInt16LE(at) === 1) {
      return Array.from({ length: Math.floor(body.length / 8) }, (_, index) =>
        readSize(body, index * 8),
      );
    }
    at += 4 + length;
  }
  return [];
}

function readSize(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset));
}
