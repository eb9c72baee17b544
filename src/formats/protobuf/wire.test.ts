import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HeadwayError } from '../../core/error.ts';
import { WireReader } from './reader.ts';
import { WireWriter } from './writer.ts';

function encode(write: (writer: WireWriter) => void): Uint8Array {
  const writer = new WireWriter();
  write(writer);
  const { byteLength } = writer;
  const bytes = Buffer.concat(writer.finish());
  assert.equal(bytes.byteLength, byteLength);
  return bytes;
}

const fieldArbitrary = fc.oneof(
  fc.tuple(fc.constant('int64' as const), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.tuple(fc.constant('float' as const), fc.float()),
  fc.tuple(
    fc.constant('bytes' as const),
    fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(new Uint8Array(9000).fill(7))),
  ),
  fc.tuple(fc.constant('text' as const), fc.string({ unit: 'binary' })),
);

test('WireReader reads back what WireWriter writes', () => {
  const numberArbitrary = fc.integer({ min: 1, max: 2 ** 29 - 1 });
  const fields = fc.array(fc.tuple(numberArbitrary, fieldArbitrary), { maxLength: 20 });
  fc.assert(
    fc.property(fields, (expected) => {
      const bytes = encode((writer) => {
        for (const [number, [kind, value]] of expected) {
          if (kind === 'int64') writer.int64(number, value);
          else if (kind === 'float') writer.float(number, value);
          else if (kind === 'bytes') writer.bytes(number, value);
          else writer.text(number, value);
        }
      });
      const reader = new WireReader(bytes, 'Test');
      for (const [number, [kind, value]] of expected) {
        assert.ok(reader.nextField());
        assert.equal(reader.fieldNumber, number);
        const read = reader[kind]();
        if (kind === 'bytes') assert.deepEqual([...(read as Uint8Array)], [...value]);
        else assert.ok(Object.is(read, value));
      }
      assert.ok(!reader.nextField());
    }),
  );
});

test('WireWriter refers to large values and copies small ones', () => {
  const large = new Uint8Array(1 << 20);
  const writer = new WireWriter();
  writer.message(1, (inner) => {
    inner.text(2, 'name');
    inner.message(3, (innermost) => innermost.bytes(4, large));
  });
  const chunks = writer.finish();
  assert.ok(chunks.includes(large));
  assert.equal(chunks.length, 2);
});

test('WireReader takes repeated numbers packed and single', () => {
  const bytes = encode((writer) => {
    writer.packedInt64(1, [1, -1, 2n ** 62n]);
    writer.int64(1, 300);
  });
  const values: bigint[] = [];
  const reader = new WireReader(bytes, 'Test');
  while (reader.nextField()) reader.eachInt64((value) => values.push(value));
  assert.deepEqual(values, [1n, -1n, 2n ** 62n, 300n]);
});

test('WireReader refuses what is malformed', () => {
  const malformed: [string, number[], (reader: WireReader) => unknown, RegExp][] = [
    ['length past the end', [0x0a, 0x05, 1], (r) => r.bytes(), /5 bytes are announced and 1 are/],
    ['length of 2^35', [0x0a, 255, 255, 255, 255, 127], (r) => r.bytes(), /are announced/],
    ['endless length', [0x0a, 255, 255, 255, 255, 255, 1], (r) => r.bytes(), /too large/],
    ['cut number', [0x08, 0x80], (r) => r.int64(), /ends inside a number/],
    ['number of 11 bytes', [0x08, ...Array(10).fill(255), 1], (r) => r.int64(), /more than 10/],
    ['wrong wire type', [0x0a, 0x00], (r) => r.int64(), /expected wire type 0, got 2/],
    ['group', [0x0b], (r) => r.unknown(), /wire type 3 is not supported/],
    ['field 0', [0x00], () => {}, /field number 0 is impossible/],
    ['cut float', [0x0d, 1, 2], (r) => r.float(), /4 bytes are announced and 2/],
    ['uneven floats', [0x0a, 3, 0, 0, 0], (r) => r.fixedElements(4), /3 bytes are no list/],
    ['broken text', [0x0a, 1, 0xff], (r) => r.text(), /not valid UTF-8/],
    ['wide integer', [0x08, ...Array(8).fill(255), 0x7f], (r) => r.safeInteger(), /range/],
  ];
  for (const [name, bytes, read, message] of malformed) {
    assert.throws(
      () => {
        const reader = new WireReader(Uint8Array.from(bytes), 'Test');
        reader.nextField();
        read(reader);
      },
      (error) => error instanceof HeadwayError && message.test(error.message),
      name,
    );
  }
});
