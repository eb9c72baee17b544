import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, plainText } from './text-table.ts';

test('formatTable() lays cells out in columns', () => {
  const rows = [
    ['a', '1', 'x'],
    ['long', '100', ''],
  ];
  assert.deepEqual(formatTable(rows), ['  a     1    x', '  long  100']);
  assert.deepEqual(formatTable(rows, { indent: 0, rightColumns: [1] }), [
    'a       1  x',
    'long  100',
  ]);
});

test('plainText() leaves letters of all scripts and takes what commands a terminal', () => {
  assert.equal(plainText('größe 大小 🙂'), 'größe 大小 🙂');
  assert.equal(plainText('a\u001b[31mb\r\n\u202ec'), 'a?[31mb???c');
});
