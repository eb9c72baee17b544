import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { columnDatatype, decodeColumn, encodeColumn } from './column-codec.ts';
import type { EvidenceColumn } from './evidence.ts';

const arrays = [Uint8Array, Uint16Array, Uint32Array, Float32Array, Float64Array] as const;

/** Columns of every datatype with any bits at all, so with every NaN there is. */
const columns = fc
  .record({
    array: fc.constantFrom(...arrays),
    bytes: fc.uint8Array({ maxLength: 400 }),
    offset: fc.nat(3),
  })
  .map(({ array, bytes, offset }): EvidenceColumn => {
    const width = array.BYTES_PER_ELEMENT;
    const count = Math.floor(bytes.length / width);
    const room = new Uint8Array((count + offset) * width);
    room.set(bytes.subarray(0, count * width), offset * width);
    return new array(room.buffer, offset * width, count);
  });

function bits(column: EvidenceColumn): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

test('decodeColumn() gives back bit by bit what encodeColumn() took', () => {
  fc.assert(
    fc.property(columns, (column) => {
      const decoded = decodeColumn(encodeColumn(column));
      assert.equal(columnDatatype(decoded), columnDatatype(column));
      assert.deepEqual(bits(decoded), bits(column));
    }),
  );
});

test('decodeColumn() refuses what is cut short, changed or of another kind', () => {
  fc.assert(
    fc.property(columns, fc.nat(), (column, at) => {
      const blob = encodeColumn(column);
      assert.throws(() => decodeColumn(blob.subarray(0, at % blob.length)), { code: 'data_loss' });
    }),
  );
  const blob = encodeColumn(Float64Array.of(1, Number.NaN, -0));
  const changed = (place: number, value: number): Uint8Array => {
    const copy = blob.slice();
    copy[place] = value;
    return copy;
  };
  for (const [place, value, message] of [
    [0, 0, /does not begin as one/],
    [4, 200, /no datatype has the number 200/],
    [8, 2, /cannot be unpacked/],
    [8, 4, /expected 32 bytes of values, got 24/],
    [15, 255, /damaged/],
    [16, 0, /cannot be unpacked/],
  ] as const) {
    assert.throws(() => decodeColumn(changed(place, value)), { code: 'data_loss', message });
  }
});

test('encodeColumn() takes less room than the values where they are times', () => {
  const times = Float64Array.from({ length: 10_000 }, (_, index) => index * 1.7);
  assert.ok(encodeColumn(times).length < times.byteLength * 0.6);
});
