import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import { type CacheKeyParts, createResponseCache, responseCacheKey } from './response-cache.ts';

function tensor(...bytes: number[]): Tensor {
  return { datatype: 'UINT8', shape: [bytes.length], data: Uint8Array.from(bytes) };
}

function keyParts(given: Partial<CacheKeyParts> = {}): CacheKeyParts {
  return {
    modelName: 'm',
    modelVersion: 1,
    loadId: 'l',
    inputs: new Map([
      ['x', tensor(1, 2)],
      ['y', tensor(3)],
    ]),
    outputNames: ['z'],
    parameters: { a: 1, b: 'two' },
    ...given,
  };
}

test('responseCacheKey() does not depend on the order of inputs and parameters', () => {
  const reordered = keyParts({
    inputs: new Map([
      ['y', tensor(3)],
      ['x', tensor(1, 2)],
    ]),
    parameters: { b: 'two', a: 1 },
  });
  assert.equal(responseCacheKey(reordered), responseCacheKey(keyParts()));
});

test('responseCacheKey() depends on everything an answer depends on', () => {
  const x = tensor(1, 2);
  const y = tensor(3);
  const variants: Partial<CacheKeyParts>[] = [
    {},
    { modelName: 'n' },
    { modelVersion: 2 },
    { loadId: 'k' },
    { outputNames: ['z', 'w'] },
    { outputNames: ['zw'] },
    { parameters: { a: 1 } },
    { parameters: { a: '1', b: 'two' } },
    { parameters: { a: 1n, b: 'two' } },
    { parameters: { a: true, b: 'two' } },
    { inputs: new Map([['x', x]]) },
    {
      inputs: new Map([
        ['x', tensor(1)],
        ['y', tensor(2, 3)],
      ]),
    },
    {
      inputs: new Map([
        ['x', y],
        ['y', x],
      ]),
    },
    {
      inputs: new Map([
        ['x', { ...x, datatype: 'INT8' }],
        ['y', y],
      ]),
    },
    {
      inputs: new Map([
        ['x', { ...x, shape: [1, 2] }],
        ['y', y],
      ]),
    },
  ];
  const keys = variants.map((given) => responseCacheKey(keyParts(given)));
  assert.equal(new Set(keys).size, variants.length);
});

test('createResponseCache() answers what it was given, as its own copy', () => {
  const cache = createResponseCache({ maxBytes: 10_000 });
  const batch = Uint8Array.from([9, 1, 2, 9]);
  const outputs = new Map([
    ['z', { datatype: 'UINT8', shape: [2], data: batch.subarray(1, 3) } as const],
  ]);
  cache.put('k', outputs);
  batch.fill(0);
  const kept = cache.get('k')?.get('z');
  assert.deepEqual(kept, { datatype: 'UINT8', shape: [2], data: Uint8Array.from([1, 2]) });
  assert.equal(kept.data.buffer.byteLength, 2);
  assert.equal(cache.get('other'), undefined);
});

test('createResponseCache() gives up the least recently used and never exceeds its bytes', () => {
  const anyStep = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    putBytes: fc.option(fc.nat(2000), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 50 }), (steps) => {
      const maxBytes = 4000;
      const cache = createResponseCache({ maxBytes });
      let used: string[] = [];
      for (const { key, putBytes } of steps) {
        const isHit = cache.get(key) !== undefined;
        if (isHit) used = [...used.filter((other) => other !== key), key];
        if (putBytes !== undefined) {
          const outputs: NamedTensors = new Map([['z', tensor(...new Uint8Array(putBytes))]]);
          cache.put(key, outputs);
          used = [...used.filter((other) => other !== key), key];
        }
        const kept = used.slice(used.length - cache.entryCount);
        assert.ok(cache.usedBytes <= maxBytes);
        // Asked in the order of use, so that asking changes nothing.
        for (const other of kept) assert.ok(cache.get(other) !== undefined);
      }
    }),
  );
});

test('createResponseCache() leaves out an answer larger than itself', () => {
  const cache = createResponseCache({ maxBytes: 1000 });
  cache.put('k', new Map([['z', tensor(1)]]));
  cache.put('k', new Map([['z', tensor(...new Uint8Array(2000))]]));
  assert.equal(cache.get('k'), undefined);
  assert.deepEqual([cache.entryCount, cache.usedBytes], [0, 0]);
});
