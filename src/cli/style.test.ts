import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createStyle } from './style.ts';

test('createStyle() colours terminals that want it', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  assert.equal(createStyle(terminal, {}).red('x'), '\u001b[31mx\u001b[39m');
  assert.equal(createStyle(terminal, { NO_COLOR: '' }).red('x'), '\u001b[31mx\u001b[39m');
  assert.equal(createStyle(terminal, { NO_COLOR: '1' }).red('x'), 'x');
  assert.equal(createStyle(terminal, { TERM: 'dumb' }).red('x'), 'x');
  assert.equal(createStyle(new PassThrough(), {}).red('x'), 'x');
});
