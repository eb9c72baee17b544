import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, flatten } from './flatten.ts';

test('flatten() names every value by its path', () => {
  assert.deepEqual(
    [...flatten({ a: { b: 1, c: ['x', 'y'] }, d: null, e: {}, f: [{ g: true }], h: undefined })],
    [
      ['a.b', '1'],
      ['a.c', 'x y'],
      ['d', 'null'],
      ['e', '{}'],
      ['f.0.g', 'true'],
    ],
  );
  assert.deepEqual([...flatten('text')], [['value', 'text']]);
});

test('differences() leaves out what is the same', () => {
  assert.deepEqual(differences({ a: 1, b: { c: 2 }, d: 3 }, { a: 1, b: { c: 4 }, e: 5 }), [
    { path: 'b.c', a: '2', b: '4' },
    { path: 'd', a: '3', b: null },
    { path: 'e', a: null, b: '5' },
  ]);
});

test('differences() of long lists are what only one has', () => {
  const flags = ['fpu', 'sse', 'sse2', 'avx', 'avx2', 'fma', 'bmi1', 'bmi2'];
  assert.deepEqual(differences({ flags: [...flags, 'amx'] }, { flags }), [
    { path: 'flags', a: 'amx', b: '–' },
  ]);
});
