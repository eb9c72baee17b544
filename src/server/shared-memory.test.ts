import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SharedMemoryRegistry } from './interface.ts';
import { createSharedMemoryRegistry } from './shared-memory.ts';

/** A registry over objects of 4096 bytes that are not really shared. */
function createFixture(isAllowed = true) {
  const disposed: string[] = [];
  const state = { isWhole: true };
  const registry = createSharedMemoryRegistry({
    isAllowed,
    mapper: {
      map(name, offsetBytes, byteLength) {
        if (byteLength === 0 || offsetBytes + byteLength > 4096) return undefined;
        return {
          bytes: new Uint8Array(4096).subarray(offsetBytes, offsetBytes + byteLength),
          isWhole: () => state.isWhole,
          [Symbol.dispose]: () => void disposed.push(name),
        };
      },
    },
  });
  return { registry, disposed, state };
}

function add(registry: SharedMemoryRegistry, name: string, byteLength: number | bigint = 64): void {
  registry.register({ name, key: `/${name}`, offsetBytes: 0, byteLength });
}

const disabled = {
  code: 'unimplemented',
  message:
    "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.",
};

test('a registry that is not allowed refuses to register and unregister, and has no regions', () => {
  const { registry } = createFixture(false);
  assert.throws(() => add(registry, 'a'), disabled);
  assert.throws(() => registry.unregister('a'), disabled);
  assert.throws(() => registry.unregisterAll(), disabled);
  assert.throws(() => registry.cuda.register('a'), disabled);
  assert.throws(() => registry.cuda.unregister('a'), disabled);
  assert.throws(() => registry.cuda.unregisterAll(), disabled);
  assert.deepEqual(registry.status(''), []);
  assert.throws(() => registry.lease().borrow({ region: 'a', offsetBytes: 0, byteLength: 1 }), {
    code: 'not_found',
    message: "Unable to find shared memory region: 'a'",
  });
});

test('register() shows the region, refuses its name twice, and unregister() takes it away', () => {
  const { registry, disposed } = createFixture();
  registry.register({ name: 'a', key: '/k', offsetBytes: 64n, byteLength: 128 });
  assert.deepEqual(registry.status('a'), [
    { name: 'a', key: '/k', offsetBytes: 64, byteLength: 128 },
  ]);
  assert.throws(() => add(registry, 'a'), {
    code: 'already_exists',
    message: "shared memory region 'a' already in manager",
  });
  add(registry, 'b');
  assert.equal(registry.status('').length, 2);
  registry.unregister('never');
  registry.unregister('a');
  assert.throws(() => registry.status('a'), {
    code: 'not_found',
    message: "Unable to find system shared memory region: 'a'",
  });
  registry.unregisterAll();
  assert.deepEqual(disposed, ['/k', '/b']);
});

test('register() refuses what is no part of the object', () => {
  const { registry } = createFixture();
  const message = "failed to register shared memory region 'a': invalid args";
  const parts: readonly (readonly [number | bigint, number | bigint])[] = [
    [0, 4097],
    [1, 4096],
    [4096, 1],
    [4097, 0],
    [0, 0],
    [2n ** 64n - 1n, 2],
    [0, 2n ** 64n],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [-1, 8],
  ];
  for (const [offsetBytes, byteLength] of parts) {
    assert.throws(() => registry.register({ name: 'a', key: '/k', offsetBytes, byteLength }), {
      code: 'invalid_argument',
      message,
    });
  }
});

test('register() refuses keys that are no name or reserved, and names without bounds', () => {
  const { registry } = createFixture();
  const register = (key: string, name = 'r') =>
    registry.register({ name, key, offsetBytes: 0, byteLength: 8 });
  for (const key of ['', '/', '///', '/..', '.', '/a/b', '/../a', 'a/', 'a\0b']) {
    assert.throws(() => register(key), {
      message: `cannot register shared memory region 'r' - invalid shm key '${key}'`,
    });
  }
  const prefix = 'triton_python_backend_shm_region_';
  for (const key of [`${prefix}x`, `/${prefix}x`, `///${prefix}x`]) {
    assert.throws(() => register(key), {
      message: `cannot register shared memory region 'r' with key '${key}' as the key contains the reserved prefix '${prefix}'`,
    });
  }
  assert.throws(() => register('k'.repeat(256)), { code: 'invalid_argument' });
  assert.throws(() => register('k', ''), { code: 'invalid_argument' });
  assert.throws(() => register('k', 'n'.repeat(257)), { code: 'invalid_argument' });
});

test('register() allows so many regions and no more', () => {
  const { registry } = createFixture();
  for (let index = 0; index < 1024; index += 1) add(registry, `r${index}`);
  assert.throws(() => add(registry, 'one-more'), { code: 'resource_exhausted' });
});

test('borrow() gives what is inside a region and nothing else', () => {
  const { registry } = createFixture();
  add(registry, 'a', 64);
  const lease = registry.lease();
  const borrow = (offsetBytes: number | bigint, byteLength: number | bigint) =>
    lease.borrow({ region: 'a', offsetBytes, byteLength });
  assert.equal(borrow(0, 64).byteLength, 64);
  assert.equal(borrow(60, 4n).byteLength, 4);
  for (const offset of [64, 2n ** 64n - 32n, -1]) {
    assert.throws(() => borrow(offset, 0), {
      code: 'invalid_argument',
      message: "Invalid offset for shared memory region: 'a'",
    });
  }
  assert.throws(() => borrow(1, 64), {
    message: "Invalid offset + byte size for shared memory region: 'a'",
  });
  assert.throws(() => borrow(32, 2n ** 64n - 32n), {
    message:
      "Integer overflow detected: byte_size (18446744073709551584) + offset (32) exceeds maximum value (18446744073709551615) for region 'a'",
  });
});

test('borrow() never leaves the region (property)', () => {
  const { registry } = createFixture();
  add(registry, 'a', 100);
  const size = fc.oneof(fc.integer({ min: -5, max: 120 }), fc.bigInt({ min: 0n, max: 2n ** 65n }));
  fc.assert(
    fc.property(size, size, (offsetBytes, byteLength) => {
      const isInside =
        offsetBytes >= 0 &&
        offsetBytes < 100 &&
        byteLength >= 0 &&
        BigInt(offsetBytes) + BigInt(byteLength) <= 100n;
      const borrow = () => registry.lease().borrow({ region: 'a', offsetBytes, byteLength });
      if (isInside) assert.equal(borrow().byteLength, Number(byteLength));
      else assert.throws(borrow, { code: 'invalid_argument' });
    }),
  );
});

test('borrow() refuses an object that was made smaller meanwhile', () => {
  const { registry, state } = createFixture();
  add(registry, 'a');
  state.isWhole = false;
  assert.throws(() => registry.lease().borrow({ region: 'a', offsetBytes: 0, byteLength: 1 }), {
    code: 'invalid_argument',
    message: /was made smaller/,
  });
});

test('a region unregistered in use stays until its last user is done, and is then gone', () => {
  const { registry, disposed } = createFixture();
  add(registry, 'a');
  const first = registry.lease();
  first.borrow({ region: 'a', offsetBytes: 0, byteLength: 8 });
  first.borrow({ region: 'a', offsetBytes: 8, byteLength: 8 });
  registry.unregisterAll();
  assert.equal(registry.status('').length, 1);
  const second = registry.lease();
  second.borrow({ region: 'a', offsetBytes: 0, byteLength: 8 });
  first.release();
  assert.deepEqual(disposed, []);
  second.release();
  assert.deepEqual(disposed, ['/a']);
  assert.deepEqual(registry.status(''), []);
});

test('a lease that is held outlasts its release', () => {
  const { registry, disposed } = createFixture();
  add(registry, 'a');
  const lease = registry.lease();
  lease.borrow({ region: 'a', offsetBytes: 0, byteLength: 8 });
  const letGo = lease.hold();
  registry.unregister('a');
  lease.release();
  assert.deepEqual(disposed, []);
  letGo();
  assert.deepEqual(disposed, ['/a']);
});

test('CUDA regions are answered as by a server without a GPU', () => {
  const { registry } = createFixture();
  add(registry, 'a');
  assert.throws(() => registry.cuda.register('c'), {
    code: 'invalid_argument',
    message: "failed to register CUDA shared memory region: 'c', GPUs not supported",
  });
  registry.cuda.unregister('a');
  registry.cuda.unregisterAll();
  assert.equal(registry.status('').length, 1);
  assert.deepEqual(registry.cuda.status(''), []);
  assert.throws(() => registry.cuda.status('c'), {
    code: 'not_found',
    message: "Unable to find cuda shared memory region: 'c'",
  });
  assert.throws(() => registry.cuda.status('a'), {
    message: /is registered as system shared memory/,
  });
});
