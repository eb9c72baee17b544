import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** A member of an archive that a test makes; what is left out is as in an honest archive. */
export interface TestMember {
  readonly name: string;
  readonly data?: Uint8Array;
  /** Zip: 0 stored, 8 deflated. */
  readonly method?: number;
  readonly crc?: number;
  /** Zip: the size the directory claims. */
  readonly claimedBytes?: number;
  /** Zip: Unix mode, type included. Tar: ignored. */
  readonly mode?: number;
  readonly flags?: number;
  /** Tar: the type flag, such as `2` for a symbolic link. */
  readonly type?: string;
}

/** A zip archive of members. */
export function buildZip(members: readonly TestMember[]): Buffer {
  const bodies: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const { data = new Uint8Array(), method = 8, flags = 0, mode = 0o100644 } = member;
    const name = Buffer.from(member.name);
    const packed = method === 8 ? deflateRawSync(data) : Buffer.from(data);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(member.crc ?? crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(member.claimedBytes ?? data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    bodies.push(Buffer.from('PK\u0003\u0004', 'latin1'), fields, name, packed);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    records.push(Buffer.from('PK\u0001\u0002\u0014\u0003', 'latin1'), fields, tail, name);
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, directory, end]);
}

/** A gzipped tar archive (ustar) of members. */
export function buildTarGz(members: readonly TestMember[]): Buffer {
  const blocks = members.flatMap(({ name, data = new Uint8Array(), type = '0' }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    if (type === '1' || type === '2') header.write('/etc/passwd', 157);
    header.write('ustar\u000000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
