import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { InputSpec, NamedTensors } from '../../core/tensor.ts';
import { type ItemOptions, prepareItems } from './oip-items.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'headway-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const a: InputSpec = { name: 'a', datatype: 'FP32', shape: [-1, 4] };
const b: InputSpec = { name: 'b', datatype: 'INT32', shape: [-1, -1] };

/** The bodies of the requests: the inputs behind each other. */
async function bodies(
  specs: readonly InputSpec[],
  options: Partial<ItemOptions['options']>,
  bodyBytes?: number,
): Promise<string[]> {
  const concat = (tensors: NamedTensors) =>
    Buffer.concat(
      [...tensors].flatMap(([name, { data }]) => [Buffer.from(name), data]),
      bodyBytes,
    );
  const { requests } = await prepareItems({ cwd }, specs, {
    options: { seed: 1, ...options },
    prepare: (tensors) => ({ method: 'POST', path: '/', headers: {}, body: concat(tensors) }),
  });
  return requests.map(({ body }) => Buffer.from(body).toString('hex', 0, 64));
}

test('prepareItems() makes up some dozens of different requests from the seed', async () => {
  const made = await bodies([a, b], { seed: 7 });
  assert.equal(made.length, 64);
  assert.equal(new Set(made).size, 64);
  assert.deepEqual(await bodies([a, b], { seed: 7 }), made);
  assert.notDeepEqual(await bodies([a, b], { seed: 8 }), made);
});

test('prepareItems() makes as many as fit, and one at least', async () => {
  assert.equal((await bodies([a], {}, 20 * 1024 ** 2)).length, 3);
  assert.equal((await bodies([a], {}, 65 * 1024 ** 2)).length, 1);
});

test('prepareItems() makes one request where nothing is left to chance', async () => {
  await writeFile(join(cwd, 'a.bin'), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  assert.equal((await bodies([a, b], { zero: true })).length, 1);
  assert.equal((await bodies([a], { input: ['a=a.bin'] })).length, 1);
  const dimension = new Map([['b.1', 32]]);
  const mixed = await bodies([b, a], { input: ['a=a.bin'], dimension });
  assert.equal(new Set(mixed).size, 64);
  assert.ok(
    mixed.every((hex) => hex.startsWith('62')),
    'in the order of the model',
  );
});
