import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HeadwayError } from '../../core/error.ts';
import { parsePbtxt } from './parse.ts';
import type { PbtxtMessage, PbtxtValue } from './tree.ts';

function values(text: string): (readonly [string, PbtxtValue])[] {
  return parsePbtxt(text, 'config.pbtxt').fields.map((field) => [field.name, field.value] as const);
}

function failsWith(text: string, message: RegExp): void {
  assert.throws(
    () => parsePbtxt(text, 'config.pbtxt'),
    { code: 'invalid_argument', message },
    `${JSON.stringify(text)} must fail with ${message}`,
  );
}

test('parsePbtxt() reads a model configuration with positions', () => {
  const text = `# a model
name: "resnet"
max_batch_size: 8
input [
  {
    name: 'x', data_type: TYPE_FP32; dims: [ 3, -1 ]
  }
]
dynamic_batching { }
`;
  assert.deepEqual(parsePbtxt(text, 'config.pbtxt').fields, [
    { name: 'name', value: { kind: 'string', text: 'resnet' }, line: 2, column: 1 },
    { name: 'max_batch_size', value: { kind: 'integer', value: 8n }, line: 3, column: 1 },
    {
      name: 'input',
      line: 4,
      column: 1,
      value: {
        kind: 'message',
        fields: [
          { name: 'name', value: { kind: 'string', text: 'x' }, line: 6, column: 5 },
          {
            name: 'data_type',
            value: { kind: 'identifier', name: 'TYPE_FP32' },
            line: 6,
            column: 16,
          },
          { name: 'dims', value: { kind: 'integer', value: 3n }, line: 6, column: 38 },
          { name: 'dims', value: { kind: 'integer', value: -1n }, line: 6, column: 38 },
        ],
      },
    },
    { name: 'dynamic_batching', value: { kind: 'message', fields: [] }, line: 9, column: 1 },
  ]);
});

test('parsePbtxt() reads every form of number', () => {
  const integers = [
    ['0', 0n],
    ['-7', -7n],
    ['- 7', -7n],
    ['0x1F', 31n],
    ['-0x10', -16n],
    ['017', 15n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
  ] as const;
  for (const [text, value] of integers) {
    assert.deepEqual(values(`a: ${text}`), [['a', { kind: 'integer', value }]], text);
  }
  const floats = [
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1.5E-2', 0.015],
    ['2e+2f', 200],
    ['10f', 10],
    ['-1.5', -1.5],
    ['-inf', -Infinity],
    ['-nan', NaN],
    ['0.0', 0],
  ] as const;
  for (const [text, value] of floats) {
    assert.deepEqual(values(`a: ${text}`), [['a', { kind: 'float', value }]], text);
  }
  assert.deepEqual(values('a: inf'), [['a', { kind: 'identifier', name: 'inf' }]]);
});

test('parsePbtxt() resolves escapes and joins adjacent strings', () => {
  const cases = [
    [String.raw`"a\n\t\\\"\'"`, 'a\n\t\\"\''],
    [String.raw`"\x41\101\7"`, 'AA\u0007'],
    [String.raw`"\303\244\xc3\xa4"`, 'ää'],
    [String.raw`"\u00e4\U0001F600"`, 'ä😀'],
    [`"one " 'two'\n "three"`, 'one twothree'],
    [String.raw`"\303" "\244"`, 'ä'],
    [`'"'`, '"'],
    ['"# no comment"', '# no comment'],
  ] as const;
  for (const [text, value] of cases) {
    assert.deepEqual(values(`a: ${text}`), [['a', { kind: 'string', text: value }]], text);
  }
});

test('parsePbtxt() reads lists as repeated fields and both kinds of braces', () => {
  const message: PbtxtMessage = { kind: 'message', fields: [] };
  assert.deepEqual(values('a: [1, 2], b: []; c < > d: { } e [{}, <>]'), [
    ['a', { kind: 'integer', value: 1n }],
    ['a', { kind: 'integer', value: 2n }],
    ['c', message],
    ['d', message],
    ['e', message],
    ['e', message],
  ]);
});

test('parsePbtxt() names the place and what was expected', () => {
  failsWith('a 1', /^config\.pbtxt:1:3: expected ':' or '\{' after 'a', got the number 1\.$/);
  failsWith('a: 1\n  : 2', /^config\.pbtxt:2:3: expected a field name, got ':'\.$/);
  failsWith('a {\n b: 1\n', /:3:1: expected a field name or '\}' .* line 1, got the end/);
  failsWith('a < }', /:1:5: expected a field name or '>'/);
  failsWith('a: [1 2]', /:1:7: expected ',' or '\]' in this list, got the number 2/);
  failsWith('a: [1,]', /:1:7: expected a value, got '\]'/);
  failsWith('a: "b\nc"', /:1:4: this string has no closing "/);
  failsWith('a: "b\\', /:1:4: this string has no closing "/);
  failsWith(String.raw`a: "\q"`, /:1:4: unknown escape '\\q'/);
  failsWith(String.raw`a: "\777"`, /unknown escape/);
  failsWith(String.raw`a: "\ud800"`, /unknown escape/);
  failsWith(String.raw`a: "\xff"`, /not valid UTF-8/);
  failsWith('a: 12ab', /:1:4: expected a number, got '12ab'/);
  failsWith('a: 089', /expected a number, got '089'/);
  failsWith('a: .', /expected a number, got '\.'/);
  failsWith('a: -b', /:1:5: expected a number after '-', got 'b'/);
  failsWith('a: 18446744073709551616', /does not fit 64 bits/);
  failsWith('a: @', /:1:4: unexpected character "@"/);
  failsWith('a:', /:1:3: expected a value, got the end of the file/);
  failsWith('}', /:1:1: expected a field name, got '\}'/);
});

test('parsePbtxt() bounds depth, size and number length', () => {
  failsWith('a{'.repeat(65), /nested deeper than 64 levels/);
  assert.doesNotThrow(() => parsePbtxt('a{'.repeat(64) + '}'.repeat(64), 'config.pbtxt'));
  failsWith('a{'.repeat(200_000), /nested deeper/);
  failsWith(' '.repeat(1024 * 1024 + 1), /at most 1048576/);
  failsWith(`a: ${'9'.repeat(500_000)}`, /expected a number, got '9+\.\.\.'/);
});

/** `fc.record()` without objects that have no prototype, which are never deep-equal to ours. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const nameArbitrary = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);

const messageArbitrary: fc.Arbitrary<PbtxtMessage> = fc.letrec<{
  message: PbtxtMessage;
  value: PbtxtValue;
}>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    record({ kind: fc.constant('string'), text: fc.string({ unit: 'binary' }) }),
    record({
      kind: fc.constant('integer'),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    }),
    record({
      kind: fc.constant('float'),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    }),
    record({ kind: fc.constant('identifier'), name: nameArbitrary }),
    tie('message'),
  ) as fc.Arbitrary<PbtxtValue>,
  message: record({
    kind: fc.constant('message'),
    fields: fc.array(
      record({
        name: nameArbitrary,
        value: tie('value'),
        line: fc.constant(0),
        column: fc.constant(0),
      }),
      { maxLength: 5 },
    ),
  }) as fc.Arbitrary<PbtxtMessage>,
})).message;

function print(message: PbtxtMessage): string {
  return message.fields.map(({ name, value }) => `${name}: ${printValue(value)}\n`).join('');
}

function printValue(value: PbtxtValue): string {
  switch (value.kind) {
    case 'message':
      return `{ ${print(value)} }`;
    case 'string': {
      const bytes = [...Buffer.from(value.text)];
      return `"${bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
    }
    case 'integer':
      return String(value.value);
    case 'float': {
      const text = Object.is(value.value, -0) ? '-0' : String(value.value);
      return /[.e]/.test(text) ? text : `${text}.0`;
    }
    case 'identifier':
      return value.name;
  }
  return value satisfies never;
}

function withoutPositions(message: PbtxtMessage): PbtxtMessage {
  const fields = message.fields.map(({ name, value }) => ({
    name,
    value: value.kind === 'message' ? withoutPositions(value) : value,
    line: 0,
    column: 0,
  }));
  return { kind: 'message', fields };
}

test('parsePbtxt() reads back what is printed', () => {
  fc.assert(
    fc.property(messageArbitrary, (message) => {
      assert.deepEqual(withoutPositions(parsePbtxt(print(message), 'printed')), message);
    }),
  );
});

test('parsePbtxt() throws nothing but HeadwayError, whatever it is given', () => {
  const pieces = fc.constantFrom(...'a {}[]<>,;"\'-1.e#\n\\'.split(''), ': ', 'inf', '0x', '\\x4');
  const documents = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString()),
  );
  fc.assert(
    fc.property(documents, (text) => {
      try {
        parsePbtxt(text, 'random');
      } catch (error) {
        assert.ok(error instanceof HeadwayError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
