import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLoadLevels } from './load-levels.ts';

describe('parseLoadLevels()', () => {
  test('reads lists, equal steps and doublings', () => {
    assert.deepEqual(parseLoadLevels('50, 10,10', false), [10, 50]);
    assert.deepEqual(parseLoadLevels('0.1:0.3:0.1', false).length, 3);
    assert.deepEqual(parseLoadLevels('100:350:100', false), [100, 200, 300]);
    assert.deepEqual(parseLoadLevels('1:12', true), [1, 2, 4, 8, 12]);
    assert.deepEqual(parseLoadLevels('3:3', true), [3]);
  });

  test('refuses what is no load', () => {
    for (const text of ['', '0', '1,x', '8:1', '1:2:0', '1:2:3:4', '1:', '-1', '1e3']) {
      assert.throws(() => parseLoadLevels(text, false), /no list of loads/, text);
    }
    assert.throws(() => parseLoadLevels('0.5', true), /whole numbers/);
    assert.throws(() => parseLoadLevels('1:1000:1', false), /at most 100/);
  });
});
