import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { datatypes } from '../../core/datatype.ts';
import type { TensorSpec } from '../../core/tensor.ts';
import { jsonElements } from '../../operators/inputs/json-tensor.ts';
import { type InputOptions, readInputs } from './read-inputs.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'headway-'));
});
afterEach(() => rm(cwd, { recursive: true }));

function read(specs: readonly TensorSpec[], options: Partial<InputOptions>) {
  const scale = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
  return readInputs(specs, {
    cwd,
    given: [],
    fill: undefined,
    sizes: new Map(),
    scale,
    ...options,
  });
}

const a: TensorSpec = { name: 'a', datatype: 'FP32', shape: [-1, 2] };
const b: TensorSpec = { name: 'b', datatype: 'INT64', shape: [-1] };

test('readInputs() leaves out what the model can do without, unless it is given', async () => {
  await writeFile(join(cwd, 'b.json'), '{"b": [5]}');
  const optional = { ...b, hasDefault: true };
  assert.deepEqual([...(await read([a, optional], { fill: 'zero' })).keys()], ['a']);
  const given = await read([a, optional], { fill: 'zero', given: ['b.json'] });
  assert.deepEqual([...given.keys()], ['a', 'b']);
});

test('readInputs() takes inputs from files and makes up the others', async () => {
  await writeFile(join(cwd, 'a.bin'), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  await writeFile(join(cwd, 'all.json'), '{"b": [5, "9007199254740993"]}');
  const inputs = await read([a, b], { given: ['all.json', 'a=a.bin'] });
  assert.deepEqual([...inputs.keys()], ['a', 'b']);
  assert.deepEqual(inputs.get('a')?.shape, [2, 2]);
  assert.deepEqual(jsonElements(inputs.get('b')!, 0, 9), [5, '9007199254740993']);
  const filled = await read([a, b], { given: ['a=a.bin'], fill: 'zero' });
  assert.deepEqual(filled.get('b'), { datatype: 'INT64', shape: [1], data: new Uint8Array(8) });
});

test('readInputs() makes up inputs of every datatype, the same each time', async () => {
  const specs = datatypes.map((datatype) => ({ name: datatype, datatype, shape: [-1, 5] }));
  const inputs = await read(specs, { fill: 'random' });
  assert.deepEqual(await read(specs, { fill: 'random' }), inputs);
  for (const tensor of inputs.values()) assert.equal(jsonElements(tensor, 0, 99).length, 5);
  const values = jsonElements(inputs.get('BF16')!, 0, 5).map(Number);
  assert.ok(values.every((value) => value >= 0 && value <= 1));
  assert.ok(new Set(values).size > 1);
});

test('readInputs() says what is wrong with what it was given', async () => {
  await writeFile(join(cwd, 'a.bin'), new Uint8Array(7));
  await writeFile(join(cwd, 'list.json'), '[1]');
  await writeFile(join(cwd, 'broken.json'), '{"a": [1');
  await writeFile(join(cwd, 'a.txt'), '1');
  for (const [given, message] of [
    [[], /Nothing was given for input 'a', FP32 \[\?,2\]: .* --input a=FILE/],
    [['aa=a.bin'], /no input 'aa'; did you mean 'a'/],
    [['a=a.bin'], /7 bytes are no whole number of elements/],
    [['a=none.bin'], /There is no file 'none\.bin'/],
    [['list.json'], /must hold inputs by name/],
    [['broken.json'], /'broken\.json' is no JSON/],
    [['a=a.txt'], /of no kind that can be read/],
    [['a=.'], /no plain file/],
  ] as const) {
    await assert.rejects(read([a], { given }), { message });
  }
  await assert.rejects(read([{ ...a, shape: [2 ** 20, 2 ** 20] }], { fill: 'zero' }), {
    message: /over 1 GiB/,
  });
});

test('readInputs() makes pictures as large as the input and scales their bytes', async () => {
  const red = { width: 4, height: 2, channels: 3, background: { r: 255, g: 0, b: 51 } } as const;
  await sharp({ create: red }).png().toFile(join(cwd, 'red.png'));
  const given = ['x=red.png'];
  const x = (datatype: 'FP32' | 'UINT8', shape: readonly number[]) => ({
    name: 'x',
    datatype,
    shape,
  });
  const planes = (await read([x('FP32', [-1, 3, 1, 2])], { given })).get('x');
  assert.deepEqual(planes?.shape, [1, 3, 1, 2]);
  assert.deepEqual(
    jsonElements(planes, 0, 6).map((value) => Math.round(Number(value) * 100) / 100),
    [1, 1, 0, 0, 0.2, 0.2],
  );
  const scale = { mean: [1, 0, 0], deviation: [1, 1, 0.2] } as const;
  const pixels = (await read([x('FP32', [1, 1, 1, 3])], { given, scale })).get('x');
  assert.deepEqual(
    jsonElements(pixels!, 0, 3).map((value) => Math.round(Number(value))),
    [0, 0, 1],
  );
  const own = (await read([x('UINT8', [-1, -1, -1, 3])], { given })).get('x');
  assert.deepEqual(own?.shape, [1, 2, 4, 3]);
  assert.deepEqual([...own.data.subarray(0, 3)], [255, 0, 51]);
  await assert.rejects(read([a], { given: ['a=red.png'] }), { message: /takes no picture/ });
});
