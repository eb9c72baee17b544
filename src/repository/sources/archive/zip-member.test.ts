import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { HeadwayError } from '../../../core/error.ts';
import { type TestMember, buildZip } from '../../../testing/build-archive.ts';
import { extractZipMember } from './zip-member.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headway-'));
});
after(() => rm(directory, { recursive: true }));

const weights = Buffer.from('weights '.repeat(50));

async function extract(archive: Uint8Array, member = 'a/m.onnx', maxBytes = 10_000) {
  const path = join(directory, 'archive');
  const outputPath = join(directory, 'output');
  await writeFile(path, archive);
  await extractZipMember(path, {
    archiveName: 'test.whl',
    member,
    outputPath,
    maxBytes,
    signal: new AbortController().signal,
    onBytes: () => {},
  });
  return readFile(outputPath);
}

/** An archive with the member wanted as a test spoils it, between two others. */
function archiveWith(member: Partial<TestMember>): Buffer {
  return buildZip([
    { name: 'first', data: weights },
    { name: 'a/m.onnx', data: weights, ...member },
    { name: 'last', data: weights },
  ]);
}

test('extractZipMember() takes out deflated, stored and empty members', async () => {
  assert.deepEqual(await extract(archiveWith({})), weights);
  assert.deepEqual(await extract(archiveWith({ method: 0 })), weights);
  assert.deepEqual(
    await extract(archiveWith({ method: 0, data: Buffer.alloc(0) })),
    Buffer.alloc(0),
  );
  assert.deepEqual(await extract(archiveWith({ mode: 0 })), weights);
});

test('extractZipMember() reads past a comment that looks like an end', async () => {
  const archive = archiveWith({});
  const comment = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(30)]);
  archive.writeUInt16LE(comment.length, archive.length - 2);
  assert.deepEqual(await extract(Buffer.concat([archive, comment])), weights);
});

test('extractZipMember() reads the fields of large archives', async () => {
  const plain = archiveWith({ method: 0 });
  const end = plain.length - 22;
  const directoryBytes = plain.readUInt32LE(end + 12);
  const directoryOffset = plain.readUInt32LE(end + 16);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(3n, 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryOffset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(end), 8);
  const tail = Buffer.from(plain.subarray(end));
  tail.writeUInt16LE(0xffff, 10);
  tail.writeUInt32LE(0xffffffff, 16);
  const archive = Buffer.concat([plain.subarray(0, end), record, locator, tail]);
  assert.deepEqual(await extract(archive), weights);
});

test('extractZipMember() names what is there when the member is not', async () => {
  await assert.rejects(extract(archiveWith({}), 'b.onnx'), {
    code: 'not_found',
    message: /test\.whl has no file 'b\.onnx'.*a\/m\.onnx/,
  });
});

test('extractZipMember() refuses members that are not honest files', async () => {
  const cases: readonly [RegExp, Partial<TestMember>][] = [
    [/no plain file/, { mode: 0o120777 }],
    [/no plain file/, { mode: 0o020666 }],
    [/encrypted/, { flags: 1 }],
    [/method 12/, { method: 12 }],
    [/damaged/, { crc: 1 }],
    [/damaged/, { claimedBytes: weights.length - 1 }],
    [/damaged/, { claimedBytes: weights.length + 1 }],
    [/two sizes/, { method: 0, claimedBytes: weights.length + 1 }],
    [/more than the limit/, { data: Buffer.alloc(10_001, 'ab'), method: 0 }],
    [/compressed more than 200 times/, { data: Buffer.alloc(10_000) }],
  ];
  for (const [message, member] of cases) {
    await assert.rejects(extract(archiveWith(member)), { code: 'failed_precondition', message });
  }
});

test('extractZipMember() refuses two members of one name', async () => {
  const member = { name: 'a/m.onnx', data: weights };
  await assert.rejects(extract(buildZip([member, member])), { message: /twice/ });
});

test('extractZipMember() answers damage with an error, and never with other bytes', async () => {
  const archive = archiveWith({});
  const spoiled = fc
    .array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const copy = Buffer.from(archive);
      for (const [at, byte] of changes) copy[at] = byte;
      return copy;
    });
  const cut = fc.nat(archive.length - 1).map((length) => archive.subarray(0, length));
  await fc.assert(
    fc.asyncProperty(fc.oneof(spoiled, cut), async (bytes) => {
      try {
        assert.deepEqual(await extract(bytes), weights);
      } catch (error) {
        assert.ok(error instanceof HeadwayError, String(error));
        assert.ok(['failed_precondition', 'not_found'].includes(error.code), error.code);
      }
    }),
    { numRuns: 100 },
  );
});
