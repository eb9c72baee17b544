import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../http2/protocol.ts';
import { HpackDecoder } from './decoder.ts';
import { encodeHeaderBlock } from './encode-block.ts';
import { type HeaderField, staticTable } from './static-table.ts';

function decode(decoder: HpackDecoder, bytes: Uint8Array): Record<string, string> {
  const padded = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(2, 0xff)]);
  return { ...decoder.decode(padded, 3, 3 + bytes.byteLength) };
}

const name = fc.stringMatching(/^[a-z][a-z-]{0,20}$/).filter((it) => it !== 'constructor');
const value = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((it) => String.fromCharCode(it)),
  maxLength: 200,
});
const field = fc.oneof(fc.tuple(name, value), fc.constantFrom(...staticTable));

test('the decoder of header blocks reads what our encoder writes', () => {
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const decoder = new HpackDecoder();
      const expected = Object.fromEntries(fields);
      assert.deepEqual(decode(decoder, encodeHeaderBlock(fields)), expected);
      decoder.limit(0);
      assert.deepEqual(decode(decoder, encodeHeaderBlock(fields)), expected);
    }),
  );
});

/** An encoder that remembers each field it sends, as RFC 7541 says, in a table of some size. */
function createTestEncoder(tableBytes: number) {
  let table: HeaderField[] = [];
  const size = ([key, text]: HeaderField): number => key.length + text.length + 32;
  const integer = (pattern: number, prefixBits: number, number: number): number[] => {
    const mask = 2 ** prefixBits - 1;
    if (number < mask) return [pattern | number];
    const bytes = [pattern | mask];
    let rest = number - mask;
    for (; rest > 127; rest >>= 7) bytes.push(128 | (rest & 127));
    return [...bytes, rest];
  };
  const text = (it: string): number[] => [
    ...integer(0, 7, it.length),
    ...Buffer.from(it, 'latin1'),
  ];
  const encodeField = (it: HeaderField): number[] => {
    const known = [...staticTable, ...table];
    const whole = known.findIndex((other) => other[0] === it[0] && other[1] === it[1]);
    if (whole !== -1) return integer(0x80, 7, whole + 1);
    const byName = known.findIndex((other) => other[0] === it[0]);
    table = [it, ...table];
    let total = 0;
    table = table.filter((other) => (total += size(other)) <= tableBytes);
    if (size(it) > tableBytes) table = [];
    return [...integer(0x40, 6, byName + 1), ...(byName === -1 ? text(it[0]) : []), ...text(it[1])];
  };
  return {
    first: integer(0x20, 5, tableBytes),
    encode: (fields: readonly HeaderField[]) => fields.flatMap(encodeField),
  };
}

test('the decoder of header blocks remembers what the encoder does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { maxLength: 12 }), { maxLength: 8 }),
      fc.integer({ min: 0, max: 4096 }),
      (blocks, tableBytes) => {
        const encoder = createTestEncoder(tableBytes);
        const decoder = new HpackDecoder();
        for (const [place, fields] of blocks.entries()) {
          const first = place === 0 ? encoder.first : [];
          const bytes = Uint8Array.from([...first, ...encoder.encode(fields)]);
          assert.deepEqual(decode(decoder, bytes), Object.fromEntries(fields));
        }
      },
    ),
  );
});

test('the decoder of header blocks reads the answers of RFC 7541, appendix C.6', () => {
  const decoder = new HpackDecoder();
  const first = decode(
    decoder,
    Buffer.from(
      `3fe101488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
      'hex',
    ),
  );
  assert.deepEqual(first, {
    ':status': '302',
    'cache-control': 'private',
    date: 'Mon, 21 Oct 2013 20:13:21 GMT',
    location: 'https://www.example.com',
  });
  const second = decode(decoder, Buffer.from('4883640effc1c0bf', 'hex'));
  assert.deepEqual(second, { ...first, ':status': '307' });
  const third = decode(
    decoder,
    Buffer.from(
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
      'hex',
    ),
  );
  assert.deepEqual(third, {
    ':status': '200',
    'cache-control': 'private',
    date: 'Mon, 21 Oct 2013 20:13:22 GMT',
    location: 'https://www.example.com',
    'content-encoding': 'gzip',
    'set-cookie': 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  });
});

const broken: readonly [name: string, hex: string, message: RegExp][] = [
  ['a field that nobody knows', 'be', /names the field 62/],
  ['the field 0', '80', /names the field 0/],
  ['a number without an end', 'ffffffffffff', /a number without an end/],
  ['a text that is cut off', '00056162', /in the middle of a text/],
  ['a field that is cut off', '40', /in the middle of a field/],
  ['a larger table than we allow', '3fe11f8a', /wants a table of 4096/],
  ['a change of the table behind a field', '8820', /behind a field/],
  ['padding that is not of ones', '00016181 00'.replace(' ', ''), /Huffman/],
  ['the mark for the end of a text', '000161 84ffffffff'.replace(' ', ''), /Huffman/],
];

for (const [what, hex, message] of broken) {
  test(`the decoder of header blocks refuses ${what}`, () => {
    const decoder = new HpackDecoder();
    if (hex.startsWith('3f')) decoder.limit(100);
    assert.throws(() => decode(decoder, Buffer.from(hex, 'hex')), message);
  });
}

test('the decoder of header blocks throws nothing but that the protocol is broken', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decode(new HpackDecoder(), bytes);
      } catch (thrown) {
        assert.ok(thrown instanceof ProtocolError, String(thrown));
      }
    }),
    { numRuns: 1000 },
  );
});
