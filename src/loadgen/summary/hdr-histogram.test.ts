import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { createHdrHistogram } from './hdr-histogram.ts';

/** Made by hdr-histogram-js 3.0.1 with a unit of 1, an hour of nanoseconds and three digits. */
const known = {
  values: [0, 1, 2, 1023, 1024, 2047, 2048, 2049, 4095, 4096, 100_000_000, 100_000_000].concat([
    1_400_000_000, 5_000_000_000, 3_599_999_999_999, 8_589_934_592,
  ]),
  base64:
    'HISTFAAAAEZ4nJNpmSzMwMCgwMDAwMjAwMDMAAGMDAzMbgY7FjDA+ExMTN/5mZh+8zOx/OZnYnr+nJGl0ZbpvizTWl6mqV2MTAA7YAvb',
};

test('createHdrHistogram() counts as the HdrHistogram libraries do', () => {
  const histogram = createHdrHistogram();
  for (const value of known.values) histogram.record(value);
  const ours = inflated(histogram.encode());
  const theirs = inflated(Buffer.from(known.base64, 'base64'));
  assert.deepEqual(ours.subarray(40), theirs.subarray(40));
  // That library writes 1 and 0 where the format has an offset of 0 and a ratio of 1.
  assert.deepEqual(ours.subarray(0, 8), theirs.subarray(0, 8));
  assert.deepEqual(ours.subarray(12, 32), theirs.subarray(12, 32));
  assert.equal(ours.readInt32BE(8), 0);
  assert.equal(ours.readDoubleBE(32), 1);
});

test('createHdrHistogram() keeps three digits of every value and loses none', () => {
  const value = fc.oneof(fc.nat(5000), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const histogram = createHdrHistogram();
      for (const each of values) histogram.record(each);
      assert.equal(histogram.count, values.length);
      assert.equal(histogram.max, Math.max(...values));
      const decoded = decode(inflated(histogram.encode()).subarray(40));
      assert.equal(decoded.length, values.length);
      for (const [place, each] of values.toSorted((a, b) => a - b).entries()) {
        assert.ok(Math.abs(each - (decoded[place] ?? NaN)) <= each / 1000, `${each}`);
      }
    }),
  );
});

test('createHdrHistogram() writes an empty histogram and one of a run of zeros', () => {
  assert.deepEqual([...inflated(createHdrHistogram().encode()).subarray(40)], [0]);
  const histogram = createHdrHistogram();
  for (const value of [-5, 3.4]) histogram.record(value);
  assert.deepEqual([...inflated(histogram.encode()).subarray(40)], [2, 3, 2]);
});

function inflated(encoded: Buffer): Buffer {
  assert.equal(encoded.readInt32BE(0), 0x1c849314);
  assert.equal(encoded.readInt32BE(4), encoded.length - 8);
  return inflateSync(encoded.subarray(8));
}

/** The lowest value of each counted one's bucket, in ascending order. */
function decode(payload: Buffer): number[] {
  const values: number[] = [];
  let place = 0;
  for (let at = 0; at < payload.length;) {
    let number = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = payload[at] ?? 0;
      at += 1;
      number |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const count = Number(number & 1n ? -(number + 1n) / 2n : number / 2n);
    if (count < 0) place -= count;
    else {
      const bucket = Math.max(0, Math.floor(place / 1024) - 1);
      const value = (place - bucket * 1024) * 2 ** bucket;
      for (let each = 0; each < count; each += 1) values.push(value);
      place += 1;
    }
  }
  return values;
}
