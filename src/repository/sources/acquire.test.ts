import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setUpSources, sha256Of, weights, weightsSha256 } from '../../testing/sources-setup.ts';
import { defaultSourceLimits } from './fetch-context.ts';
import type { SourceReference } from './reference.ts';

function urlReference(origin: string, sha256?: string): SourceReference {
  return { kind: 'https', url: `${origin}/m.onnx`, sha256 };
}

test('acquire() stores a file by its content and never asks for it again', async () => {
  await using at = await setUpSources(() => ({ '/m.onnx': weights }));
  const reference = urlReference(at.origin);
  const first = await at.get(reference);
  assert.deepEqual(first, {
    path: join(at.storeDirectory, 'blobs', weightsSha256),
    sha256: weightsSha256,
    bytes: weights.length,
    resolved: `${at.origin}/m.onnx`,
    wasThere: false,
  });
  assert.deepEqual(await readFile(first.path), weights);
  assert.equal((await stat(first.path)).mode & 0o777, 0o444);
  assert.deepEqual(await at.get(reference), { ...first, wasThere: true });
  assert.equal(at.server.requests.length, 1);
  assert.deepEqual(await readdir(join(at.storeDirectory, 'partial')), []);
});

test('acquire() fetches again what has gone from the store or was cut there', async () => {
  await using at = await setUpSources(() => ({ '/m.onnx': weights }));
  const { path } = await at.get(urlReference(at.origin));
  await chmod(path, 0o644);
  await writeFile(path, 'cut');
  assert.equal((await at.get(urlReference(at.origin))).wasThere, false);
  assert.deepEqual(await readFile(path), weights);
});

test('acquire() refuses a file that is not what the reference pins', async () => {
  await using at = await setUpSources(() => ({ '/m.onnx': weights }));
  const wanted = 'ab'.repeat(32);
  await assert.rejects(at.get(urlReference(at.origin, wanted)), {
    code: 'data_loss',
    message: new RegExp(`sha256 ${weightsSha256}.*the reference wants ${wanted}`),
  });
  assert.equal((await at.store.entries()).size, 0);
  await at.get(urlReference(at.origin, weightsSha256));
  await assert.rejects(at.get(urlReference(at.origin, wanted)), { code: 'data_loss' });
  assert.equal(at.server.requests.length, 2);
});

test('acquire() holds a source to the lock file until told to update', async () => {
  await using at = await setUpSources(() => ({ '/m.onnx': weights }));
  const { path } = await at.get(urlReference(at.origin));
  const changed = randomBytes(1000);
  at.setSite({ '/m.onnx': changed });
  await rm(path);
  await assert.rejects(at.get(urlReference(at.origin)), {
    code: 'data_loss',
    message: new RegExp(`sha256 ${sha256Of(changed)}.*the lock file wants ${weightsSha256}`),
  });
  const updated = await at.get(urlReference(at.origin), { update: true });
  assert.equal(updated.sha256, sha256Of(changed));
  assert.equal((await at.get(urlReference(at.origin))).wasThere, true);
});

test('acquire() survives many asking for one file at once', async () => {
  await using at = await setUpSources(() => ({ '/m.onnx': weights }));
  const results = await Promise.all(
    Array.from({ length: 8 }, () => at.get(urlReference(at.origin))),
  );
  for (const { path } of results) assert.deepEqual(await readFile(path), weights);
  assert.deepEqual(await readdir(join(at.storeDirectory, 'blobs')), [weightsSha256]);
  assert.deepEqual(await readdir(join(at.storeDirectory, 'partial')), []);
});

test('acquire() gives up on a server that stalls, and keeps what has arrived', async () => {
  await using at = await setUpSources(() => ({
    '/m.onnx': (_, response) => {
      response.writeHead(200, { etag: '"v"', 'content-length': weights.length });
      response.write(weights.subarray(0, 50_000));
    },
  }));
  const stalled = at.get(urlReference(at.origin), {
    onProgress: () => setImmediate(() => at.clock.advance(defaultSourceLimits.idleMs)),
  });
  await assert.rejects(stalled, { code: 'deadline_exceeded', message: /Nothing arrived for 60 s/ });
  assert.equal((await readdir(join(at.storeDirectory, 'partial'))).length, 1);
  assert.equal(at.clock.pendingCount, 0);
});

test('acquire() reads a file where it lies', async () => {
  await using at = await setUpSources(() => ({}));
  const path = join(at.directory, 'm.onnx');
  await writeFile(path, weights);
  const found = await at.get('file:m.onnx');
  assert.equal(found.path, path);
  assert.equal(found.sha256, weightsSha256);
  await assert.rejects(at.get(`file:m.onnx#sha256=${'ab'.repeat(32)}`), { code: 'data_loss' });
  await assert.rejects(at.get('file:none.onnx'), { code: 'not_found', message: /does not exist/ });
  await assert.rejects(at.get('file:.'), { code: 'not_found', message: /is not a file/ });
});
