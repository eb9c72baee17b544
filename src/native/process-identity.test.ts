import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { parseProcessStart, readOwnIdentity, startOfProcess } from './process-identity.ts';

function stat(name: string, state: string): string {
  const between = Array.from({ length: 18 }, () => '0').join(' ');
  return `12 (${name}) ${state} ${between} 4711 3133440 382\n`;
}

test('parseProcessStart() reads on after the name, whatever that holds', () => {
  for (const name of ['cat', 'a b', 'x) S 1 (y', '']) {
    assert.equal(parseProcessStart(stat(name, 'S')), '4711', name);
  }
});

test('parseProcessStart() takes what has ended for gone', () => {
  for (const state of ['Z', 'X']) assert.equal(parseProcessStart(stat('cat', state)), undefined);
  assert.equal(parseProcessStart(''), undefined);
});

test('readOwnIdentity() is what others see of this process', () => {
  const own = readOwnIdentity();
  assert.equal(own.pid, process.pid);
  assert.equal(startOfProcess(process.pid), own.started);
  assert.equal(startOfProcess(2 ** 30), undefined);
});
