import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCtc, parseCharacterList } from './ctc.ts';

const characters = ['', 'a', 'b', 'c', ' '];

function scoresOf(path: readonly number[], peak = 0.9): Float32Array {
  const values = new Float32Array(path.length * characters.length).fill(0.01);
  for (const [step, best] of path.entries()) values[step * characters.length + best] = peak;
  return values;
}

test('decodeCtc() joins repeats and keeps those a blank divides', () => {
  const values = scoresOf([0, 1, 1, 0, 1, 2, 2, 4, 3, 0]);
  const read = decodeCtc({ values, classCount: 5 }, characters);
  assert.equal(read.text, 'aab c');
  assert.ok(Math.abs(read.confidence - 0.9) < 1e-6);
});

test('decodeCtc() reads nothing from blanks or no steps', () => {
  const nothing = { text: '', confidence: 0 };
  assert.deepEqual(decodeCtc({ values: scoresOf([0, 0]), classCount: 5 }, characters), nothing);
  assert.deepEqual(decodeCtc({ values: new Float32Array(), classCount: 5 }, characters), nothing);
});

test('decodeCtc() reads back any text, however long its characters are held', () => {
  const held = fc.array(
    fc.record({ best: fc.integer({ min: 1, max: 4 }), steps: fc.integer({ min: 1, max: 4 }) }),
  );
  fc.assert(
    fc.property(held, (letters) => {
      const path = letters.flatMap(({ best, steps }) => [0, ...Array<number>(steps).fill(best)]);
      const read = decodeCtc({ values: scoresOf(path), classCount: 5 }, characters);
      assert.equal(read.text, letters.map(({ best }) => characters[best]).join(''));
    }),
  );
});

test('decodeCtc() refuses characters that do not go with the classes', () => {
  const values = scoresOf([1]);
  assert.throws(() => decodeCtc({ values, classCount: 5 }, ['', 'a']), RangeError);
  assert.throws(
    () => decodeCtc({ values: values.subarray(1), classCount: 5 }, characters),
    RangeError,
  );
});

test('parseCharacterList() puts the blank in front and the space at the end', () => {
  assert.deepEqual(parseCharacterList('a\r\n中\n '), ['', 'a', '中', ' ', ' ']);
  assert.deepEqual(parseCharacterList('a\nb\n'), ['', 'a', 'b', ' ']);
});
