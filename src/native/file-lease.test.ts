import assert from 'node:assert/strict';
import { constants, mkdtempDisposable, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createFileLeaser } from './file-lease.ts';

const leaseFile = createFileLeaser();
const { O_NONBLOCK, O_TRUNC, O_WRONLY } = constants;

test('createFileLeaser() keeps a file from being written to until it is closed', async (context) => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-lease-'));
  const place = path.join(folder.path, 'file');
  await writeFile(place, 'content');
  {
    await using file = await open(place, 'r');
    const lease = await leaseFile(file);
    if (lease === undefined) {
      context.skip('the system or this disk has no leases');
      return;
    }
    assert.equal(lease.isHeld(), true);
    await assert.rejects(open(place, O_WRONLY | O_TRUNC | O_NONBLOCK), { code: 'EAGAIN' });
    assert.equal(lease.isHeld(), false, 'somebody waits');
    assert.equal(await file.readFile('utf8'), 'content');
  }
  await using file = await open(place, O_WRONLY | O_TRUNC | O_NONBLOCK);
  await file.writeFile('other');
});

test('createFileLeaser() gives no lease of a file that somebody writes to', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-lease-'));
  const place = path.join(folder.path, 'file');
  await using writing = await open(place, 'w');
  await using file = await open(place, 'r');
  assert.equal(await leaseFile(file), undefined);
  await writing.writeFile('content');
});
