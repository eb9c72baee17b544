import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { negotiateCoding, packBody, parseContentCoding, unpackBody } from './compression.ts';
import { gatherBytes } from './gather.ts';
import { holdBytes } from './held-bytes.ts';
import { createByteBudget } from './limits.ts';
import type { ContentCoding } from './unpack.ts';

test('parseContentCoding() knows gzip, deflate and none', () => {
  assert.equal(parseContentCoding(undefined), undefined);
  assert.equal(parseContentCoding('identity'), undefined);
  assert.equal(parseContentCoding(' GZIP '), 'gzip');
  assert.equal(parseContentCoding('deflate'), 'deflate');
  for (const other of ['br', 'gzip, deflate', 'x-gzip', 'zstd']) {
    assert.throws(() => parseContentCoding(other), { code: 'unimplemented' });
  }
});

test('negotiateCoding() takes the highest q-value', () => {
  const cases: readonly (readonly [string | undefined, string | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['br', undefined],
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['gzip, deflate', 'gzip'],
    ['deflate, gzip', 'gzip'],
    ['gzip;q=0.5, deflate;q=0.8', 'deflate'],
    ['gzip; q=0.5 , deflate ;q=0', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0.5, identity', undefined],
    ['*', 'gzip'],
    ['*;q=0.1, gzip;q=0', 'deflate'],
    ['*;q=0', undefined],
    ['gzip;q=nonsense', undefined],
    ['GZip;Q=1', 'gzip'],
    [';;,,;q=', undefined],
  ];
  for (const [header, coding] of cases) assert.equal(negotiateCoding(header), coding, header);
});

const small = Buffer.from('a small body');
const large = Buffer.alloc(300_000, 'large body ');

function unpackFrom(body: Buffer, coding: ContentCoding, maxBytes: number): Promise<Buffer> {
  const held = holdBytes(createByteBudget(8_000_000));
  const into = gatherBytes({ expectedBytes: undefined, maxBytes, alignedOffset: 0, held });
  return unpackBody(body, { coding, maxBytes, into });
}

test('unpackBody() reads what zlib writes, small and large', async () => {
  for (const body of [small, large]) {
    assert.deepEqual(await unpackFrom(gzipSync(body), 'gzip', 1e6), body);
    assert.deepEqual(await unpackFrom(deflateSync(body), 'deflate', 1e6), body);
  }
});

test('unpackBody() stops at the limit, so a small body cannot fill the memory', async () => {
  const bomb = gzipSync(Buffer.alloc(4_000_000));
  assert.ok(bomb.byteLength < 4096);
  await assert.rejects(unpackFrom(bomb, 'gzip', 1_000_000), {
    code: 'invalid_argument',
    message: /exceeds the maximum allowed value of 1000000 bytes/,
  });
  assert.equal((await unpackFrom(bomb, 'gzip', 4_000_000)).byteLength, 4_000_000);
});

test('unpackBody() makes no more than there is memory for', async () => {
  const budget = createByteBudget(1_000_000);
  const held = holdBytes(budget);
  const maxBytes = 64_000_000;
  const into = gatherBytes({ expectedBytes: undefined, maxBytes, alignedOffset: 0, held });
  const bomb = gzipSync(Buffer.alloc(maxBytes));
  await assert.rejects(unpackBody(bomb, { coding: 'gzip', maxBytes, into }), {
    code: 'unavailable',
    message: /too many request bodies/,
  });
  assert.ok(into.byteLength <= 1_000_000);
  held.release();
  assert.ok(budget.tryTake(1_000_000));
});

test('unpackBody() refuses broken data', async () => {
  for (const body of [Buffer.from('no gzip'), gzipSync(large).subarray(0, 50), Buffer.alloc(0)]) {
    await assert.rejects(unpackFrom(body, 'gzip', 1e6), { code: 'invalid_argument' });
  }
});

test('packBody() writes what zlib reads, small and large', async () => {
  for (const body of [small, large]) {
    assert.deepEqual(gunzipSync(await packBody(body, 'gzip')), body);
    assert.deepEqual(inflateSync(await packBody(body, 'deflate')), body);
  }
});
