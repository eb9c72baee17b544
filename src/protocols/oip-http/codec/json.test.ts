import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type JsonValue, jsonText, readJson } from './json.ts';

function read(text: string): JsonValue {
  return readJson(jsonText(Buffer.from(text)));
}

/** As JSON.parse would have it. */
function toPlain(value: JsonValue): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, toPlain(member)]));
  }
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'float') {
    return value.value;
  }
  return value;
}

test('readJson() reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.constantFrom(0, 2), (json, indent) => {
      const value: unknown = JSON.parse(json);
      const text = JSON.stringify(value, undefined, indent);
      fc.pre(text.isWellFormed() && !/\\ud[89a-f]/.test(text) && !text.includes('"data"'));
      assert.deepEqual(toPlain(read(text)), JSON.parse(text));
    }),
  );
});

test('readJson() reads every double exactly', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = Object.is(value, -0) ? '-0.0' : String(value);
      assert.ok(Object.is(toPlain(read(text)), value), text);
    }),
    { numRuns: 1000 },
  );
  for (const text of ['0.1', '1.5e-7', '123456789012345.6', '0.000000000000001', '1E+2', '4.35']) {
    assert.equal(toPlain(read(text)), Number(text), text);
  }
});

test('readJson() keeps whole numbers exact and apart from fractions', () => {
  assert.equal(read('18446744073709551615'), 18446744073709551615n);
  assert.equal(read('-9223372036854775808'), -9223372036854775808n);
  assert.equal(read('9007199254740993'), 9007199254740993n);
  assert.equal(read('9007199254740991'), 9007199254740991);
  assert.deepEqual(read('1.0'), { kind: 'float', value: 1 });
  assert.deepEqual(read('1e2'), { kind: 'float', value: 100 });
});

test('readJson() reads NaN and infinities as bare tokens', () => {
  assert.deepEqual(toPlain(read('[NaN,Infinity,-Infinity,Inf,-Inf]')), [
    Number.NaN,
    Infinity,
    -Infinity,
    Infinity,
    -Infinity,
  ]);
});

test('readJson() gives special keys no meaning', () => {
  const value = read('{"__proto__":{"polluted":1},"constructor":2}');
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ['__proto__', 'constructor']);
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('readJson() leaves arrays under "data" unread, whatever is in them', () => {
  for (const data of [
    '[1,[2],"]\\"[",[[]]]',
    '[]',
    '["\\\\"]',
    '["a\\\\\\"]",[3]]',
    '[[1,2],[3,4]]',
  ]) {
    const text = `{"data":${data},"z":1}`;
    const value = read(text);
    assert.ok(value instanceof Map);
    assert.deepEqual(value.get('data'), { kind: 'span', start: 8, end: 8 + data.length });
    assert.equal(value.get('z'), 1);
  }
});

test('readJson() decodes UTF-8 and escapes', () => {
  assert.equal(
    read('"h\u00e9\u{1f600}\\n\\u00e9\\ud83d\\ude00"'),
    'h\u00e9\u{1f600}\n\u00e9\u{1f600}',
  );
});

test('readJson() says what is wrong and where', () => {
  const deep = '['.repeat(101) + ']'.repeat(101);
  const many = `[${'0,'.repeat(100_000)}0]`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /no valid value at byte 0/],
    ['{', /no key at byte 1/],
    ['{"a"}', /no ':' at byte 4/],
    ['{"a":1,}', /no key at byte 7/],
    ['{"a":1 "b":2}', /no ',' or '}' at byte 7/],
    ['{"a":1,"a":2}', /the key 'a' a second time at byte 10/],
    ['[1,]', /no valid value at byte 3/],
    ['[1 2]', /no ',' or ']' at byte 3/],
    ['1 2', /text after the end at byte 2/],
    ['"a', /a string without its closing quote at byte 0/],
    ['"a\\"', /a string without its closing quote at byte 0/],
    ['"\\x"', /a bad escape/],
    ['"\\ud800"', /half of a surrogate pair/],
    ['"a\nb"', /a control character/],
    ['tru', /an unknown word/],
    ['nul', /an unknown word/],
    ['{"data":[1', /an array without its ']' at byte 8/],
    ['{"data":["]', /an array without its ']' at byte 8/],
    [deep, /JSON nesting depth exceeds maximum allowed limit \(100\)/],
    [many, /more than 100000 values/],
    ['{"a":undefined}', /no valid value at byte 5/],
    ['\u{feff}{}', /no valid value at byte 0/],
  ];
  for (const number of ['01', '-', '1.', '.5', '1e', '1e+', '+1', '-01', '0x1', '1.e2', '--1']) {
    assert.throws(() => read(number), { code: 'invalid_argument' }, number);
  }
  for (const [text, message] of cases) {
    assert.throws(() => read(text), { code: 'invalid_argument', message }, text.slice(0, 40));
  }
  assert.throws(() => readJson(jsonText(Uint8Array.of(0x22, 0xff, 0x22))), {
    message: /not UTF-8/,
  });
});
