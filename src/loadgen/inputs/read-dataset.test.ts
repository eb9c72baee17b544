import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import type { InputSpec } from '../../core/tensor.ts';
import { fp32Values } from '../../testing/infer-request.ts';
import { type DatasetOptions, readDataset } from './read-dataset.ts';

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'headway-'));
  await mkdir(join(cwd, 'data'));
});
afterEach(() => rm(cwd, { recursive: true }));

const x: InputSpec = { name: 'x', datatype: 'FP32', shape: [-1, 2] };
const y: InputSpec = { name: 'y', datatype: 'FP32', shape: [-1, 1] };

function read(specs: readonly InputSpec[], options: Partial<DatasetOptions> = {}) {
  const scale = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
  return readDataset(specs, {
    cwd,
    folder: 'data',
    maxItems: 100,
    sizes: new Map(),
    scale,
    ...options,
  });
}

function npy(shape: string, values: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }\n`;
  const head = Buffer.from(`\u0093NUMPY\u0001\u0000\u0000\u0000${header}`, 'latin1');
  head.writeUInt16LE(header.length, 8);
  return Buffer.concat([head, new Uint8Array(Float32Array.from(values).buffer)]);
}

test('readDataset() reads a file for each item, in the order of their names', async () => {
  await writeFile(join(cwd, 'data', '2.npy'), npy('1, 2', [3, 4]));
  await writeFile(join(cwd, 'data', '1.npy'), npy('2,', [1, 2]));
  await writeFile(join(cwd, 'data', '3.json'), '[[5, 6]]');
  await writeFile(join(cwd, 'data', '.hidden'), '');
  const items = await read([x]);
  assert.deepEqual(
    items.map(({ name, tensors }) => [name, fp32Values(tensors.get('x'))]),
    [
      ['1', [1, 2]],
      ['2', [3, 4]],
      ['3', [5, 6]],
    ],
  );
  assert.deepEqual(items[0]?.tensors.get('x')?.shape, [1, 2]);
  assert.equal((await read([x], { maxItems: 2 })).length, 2);
});

test('readDataset() reads items of several inputs from JSON and from folders', async () => {
  await writeFile(join(cwd, 'data', 'a.json'), '{"x": [[1, 2]], "y": [[3]]}');
  await mkdir(join(cwd, 'data', 'b'));
  await writeFile(join(cwd, 'data', 'b', 'x.npy'), npy('2,', [4, 5]));
  await writeFile(join(cwd, 'data', 'b', 'y.json'), '[[6]]');
  const items = await read([x, y]);
  assert.deepEqual(
    items.map(({ tensors }) => [fp32Values(tensors.get('x')), fp32Values(tensors.get('y'))]),
    [
      [[1, 2], [3]],
      [[4, 5], [6]],
    ],
  );
});

test('readDataset() reads pictures', async () => {
  const red = { width: 2, height: 2, channels: 3, background: { r: 255, g: 0, b: 0 } } as const;
  await sharp({ create: red })
    .png()
    .toFile(join(cwd, 'data', 'red.png'));
  const [item] = await read([{ name: 'p', datatype: 'FP32', shape: [-1, 3, 1, 1] }]);
  assert.deepEqual(fp32Values(item?.tensors.get('p')), [1, 0, 0]);
});

test('readDataset() names the item that does not fit', async () => {
  await assert.rejects(read([x], { folder: 'none' }), {
    code: 'not_found',
    message: /folder 'none'/,
  });
  await assert.rejects(read([x]), { message: /folder 'data' is empty/ });
  await writeFile(join(cwd, 'data', 'a.npy'), npy('3,', [1, 2, 3]));
  await assert.rejects(read([x]), { message: /Item 'data\/a\.npy': Input 'x' is FP32 \[3\]/ });
  await assert.rejects(read([x, y]), { message: /make the item a folder/ });
  await writeFile(join(cwd, 'data', 'a.npy'), 'no array');
  await assert.rejects(read([x]), { message: /Item 'data\/a\.npy': .*no \.npy file/ });
  await rm(join(cwd, 'data', 'a.npy'));
  await writeFile(join(cwd, 'data', 'a.json'), '{"x": [[1, 2]]}');
  await assert.rejects(read([x, y]), { message: /nothing for 'y'/ });
});
