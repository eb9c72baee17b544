import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../../core/statistics/random.ts';
import { drawLength, parseLengths } from './lengths.ts';
import { makePrompts } from './made-prompts.ts';

function draw(text: string, count: number, seed = 1): number[] {
  const random = createRandom(seed);
  const lengths = parseLengths(text);
  return Array.from({ length: count }, () => drawLength(lengths, random)).sort((a, b) => a - b);
}

test('parseLengths() reads every form and refuses others', () => {
  assert.deepEqual(parseLengths('512'), { kind: 'fixed', length: 512 });
  assert.deepEqual(parseLengths('fixed:7'), { kind: 'fixed', length: 7 });
  assert.deepEqual(parseLengths('uniform:1,9'), { kind: 'uniform', min: 1, max: 9 });
  assert.deepEqual(parseLengths('normal:512,128'), { kind: 'normal', mean: 512, deviation: 128 });
  assert.deepEqual(parseLengths('lognormal:300,0.8'), {
    kind: 'lognormal',
    median: 300,
    sigma: 0.8,
  });
  for (const text of [
    '',
    '0',
    '-1',
    '1.5',
    'fixed:1,2',
    'uniform:9,1',
    'uniform:1',
    'gamma:1,2',
    'normal:1,2,3',
    'normal:,1',
    'constructor:1,2',
    'normal:1e9,1',
    '1.2.3',
  ]) {
    assert.throws(
      () => parseLengths(text),
      { code: 'invalid_argument', message: /no distribution/ },
      text,
    );
  }
});

test('drawLength() draws whole lengths of the distribution it is given', () => {
  assert.deepEqual(draw('5', 3), [5, 5, 5]);
  const uniform = draw('uniform:3,5', 1000);
  assert.deepEqual([...new Set(uniform)], [3, 4, 5]);
  const normal = draw('normal:500,100', 20_000);
  assert.ok(Math.abs((normal[10_000] ?? 0) - 500) < 5);
  assert.ok(Math.abs((normal[Math.floor(20_000 * 0.8413)] ?? 0) - 600) < 8);
  const lognormal = draw('lognormal:300,0.5', 20_000);
  assert.ok(Math.abs((lognormal[10_000] ?? 0) - 300) < 6);
  assert.ok(Math.abs((lognormal[Math.floor(20_000 * 0.8413)] ?? 0) - 300 * Math.exp(0.5)) < 15);
});

test('drawLength() stays within its bounds, whatever the distribution', () => {
  const texts = fc.oneof(
    fc.tuple(fc.constantFrom('normal', 'lognormal'), fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6)),
  );
  fc.assert(
    fc.property(texts, fc.integer(), ([name, first, second], seed) => {
      for (const length of draw(`${name}:${first},${second}`, 20, seed)) {
        assert.ok(Number.isInteger(length) && length >= 1 && length <= 1_000_000);
      }
    }),
  );
});

test('makePrompts() makes prompts of the lengths asked for, the same for the same seed', () => {
  const make = (seed: number) =>
    makePrompts({
      count: 50,
      promptLengths: parseLengths('uniform:3,6'),
      outputLengths: parseLengths('16'),
      random: createRandom(seed),
    });
  const prompts = make(1);
  assert.deepEqual(make(1), prompts);
  assert.notDeepEqual(make(2), prompts);
  for (const { text, maxTokens } of prompts) {
    const length = text.split(' ').length;
    assert.ok(length >= 3 && length <= 6);
    assert.equal(maxTokens, 16);
  }
  assert.ok(new Set(prompts.map(({ text }) => text)).size > 45);
});
