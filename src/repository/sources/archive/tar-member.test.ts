import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type TestMember, buildTarGz } from '../../../testing/build-archive.ts';
import { extractTarMember } from './tar-member.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headway-'));
});
after(() => rm(directory, { recursive: true }));

const weights = randomBytes(200_000);

interface Case {
  readonly member?: string;
  readonly maxBytes?: number;
  readonly chunkBytes?: number;
}

async function extract(archive: Uint8Array, options: Case = {}) {
  const { member = 'a/m.onnx', maxBytes = 1_000_000, chunkBytes = 10_000 } = options;
  const outputPath = join(directory, 'output');
  async function* chunks() {
    for (let at = 0; at < archive.length; at += chunkBytes) {
      yield archive.subarray(at, at + chunkBytes);
    }
  }
  await extractTarMember(chunks(), {
    archiveName: 'test.tgz',
    member,
    outputPath,
    maxBytes,
    signal: new AbortController().signal,
    onBytes: () => {},
  });
  return readFile(outputPath);
}

function archiveWith(member: Partial<TestMember>): Buffer {
  return buildTarGz([
    { name: 'package/first', data: weights },
    { name: 'package/a/m.onnx', data: weights, ...member },
    { name: 'package/last', data: weights },
  ]);
}

test('extractTarMember() takes out a file, whatever the pieces the archive comes in', async () => {
  for (const chunkBytes of [1_000, 65_536, 10_000_000]) {
    assert.deepEqual(await extract(archiveWith({}), { chunkBytes }), weights);
  }
  assert.deepEqual(await extract(archiveWith({ data: Buffer.alloc(0) })), Buffer.alloc(0));
  assert.deepEqual(await extract(gunzipSync(archiveWith({}))), weights);
});

test('extractTarMember() leaves the top folder out of the path, whatever its name', async () => {
  const archive = buildTarGz([{ name: 'acme-1.0/m.onnx', data: weights }]);
  assert.deepEqual(await extract(archive, { member: 'm.onnx' }), weights);
});

test('extractTarMember() names what is there when the member is not', async () => {
  await assert.rejects(extract(archiveWith({}), { member: 'b.onnx' }), {
    code: 'not_found',
    message: /test\.tgz has no file 'b\.onnx'.*a\/m\.onnx/,
  });
});

test('extractTarMember() refuses members that are not plain files', async () => {
  for (const [type, name] of [
    ['1', 'Link'],
    ['2', 'SymbolicLink'],
    ['3', 'CharacterDevice'],
    ['6', 'FIFO'],
  ] as const) {
    await assert.rejects(extract(archiveWith({ type, data: Buffer.alloc(0) })), {
      code: 'failed_precondition',
      message: new RegExp(`is a ${name}`),
    });
  }
});

test('extractTarMember() refuses archives that are ambiguous, too large or a bomb', async () => {
  const member = { name: 'package/a/m.onnx', data: weights };
  await assert.rejects(extract(buildTarGz([member, member])), { message: /twice/ });
  await assert.rejects(extract(archiveWith({}), { maxBytes: 500_000 }), {
    message: /unpacks to more than 500000 bytes/,
  });
  const bomb = buildTarGz([{ name: 'package/a/m.onnx', data: Buffer.alloc(20_000_000) }]);
  await assert.rejects(extract(bomb, { maxBytes: 100_000_000 }), {
    code: 'failed_precondition',
    message: /ratio/,
  });
});

test('extractTarMember() refuses archives that are damaged', async () => {
  const archive = archiveWith({});
  const damaged = { code: 'failed_precondition' };
  await assert.rejects(extract(archive.subarray(0, archive.length >> 1)), damaged);
  await assert.rejects(extract(Buffer.from('this is no archive'.repeat(100))), damaged);
  const plain = gunzipSync(archive);
  await assert.rejects(extract(plain.subarray(0, 100_000)), damaged);
});
