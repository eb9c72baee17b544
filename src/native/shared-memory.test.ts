import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedObject } from '../testing/shared-object.ts';
import { createSharedMemoryMapper } from './shared-memory.ts';

const skip = process.platform === 'linux' ? false : 'objects are made as files of Linux';

test('map() gives a view for reading and writing of a part, wherever it begins', { skip }, () => {
  using object = createSharedObject(200_000);
  object.write(70_001, Uint8Array.of(1, 2, 3));
  using mapping = createSharedMemoryMapper().map(object.key, 70_001, 1000);
  assert.ok(mapping);
  assert.equal(mapping.bytes.byteLength, 1000);
  assert.deepEqual([...mapping.bytes.subarray(0, 4)], [1, 2, 3, 0]);
  mapping.bytes[3] = 9;
  assert.deepEqual([...object.read(70_001, 4)], [1, 2, 3, 9]);
});

test('map() gives nothing beyond the end of the object', { skip }, () => {
  using object = createSharedObject(100);
  const mapper = createSharedMemoryMapper();
  assert.equal(mapper.map(object.key, 0, 101), undefined);
  assert.equal(mapper.map(object.key, 100, 1), undefined);
  assert.equal(mapper.map(object.key, 0, 0), undefined);
  using whole = mapper.map(object.key, 0, 100);
  assert.equal(whole?.bytes.byteLength, 100);
});

test('map() refuses an object that is not there', { skip }, () => {
  assert.throws(() => createSharedMemoryMapper().map('/headway-test-none', 0, 1), {
    code: 'internal',
    message: "Unable to open shared memory region: '/headway-test-none'",
  });
});

test('isWhole() sees that the object was made smaller', { skip }, () => {
  using object = createSharedObject(8192);
  using mapping = createSharedMemoryMapper().map(object.key, 4096, 4096);
  assert.equal(mapping?.isWhole(), true);
  object.truncate(8191);
  assert.equal(mapping?.isWhole(), false);
});

test('a view that outlives its mapping is empty, and cut off from the object', { skip }, () => {
  using object = createSharedObject(4096);
  object.write(0, Uint8Array.of(7));
  const mapping = createSharedMemoryMapper().map(object.key, 0, 4096);
  assert.ok(mapping);
  const { bytes } = mapping;
  mapping[Symbol.dispose]();
  assert.equal(bytes[0], 0);
  bytes[0] = 5;
  assert.equal(object.read(0, 1)[0], 7);
});

test('mapping again and again leaves neither files nor memory behind', { skip }, () => {
  using object = createSharedObject(64 * 1024);
  const mapper = createSharedMemoryMapper();
  for (let round = 0; round < 5000; round += 1) {
    using mapping = mapper.map(object.key, 0, 64 * 1024);
    assert.ok(mapping);
    mapping.bytes[0] = round;
  }
});
