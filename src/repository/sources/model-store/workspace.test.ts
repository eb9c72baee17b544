import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { claimWorkspace } from './workspace.ts';

let parent = '';
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'headway-'));
});
afterEach(() => rm(parent, { recursive: true }));

/** No process has this id: it is past what Linux, macOS and Windows hand out. */
const deadPid = 2 ** 31 - 1;
const host = hostname().replaceAll(/[^\w-]/g, '_');

test('claimWorkspace() gives an unfinished folder to the next try', async () => {
  {
    await using first = await claimWorkspace(parent, 'key');
    await writeFile(join(first.directory, 'file'), 'half');
  }
  await using second = await claimWorkspace(parent, 'key');
  assert.equal(await readFile(join(second.directory, 'file'), 'utf8'), 'half');
});

test('claimWorkspace() leaves nothing of a folder that is finished or empty', async () => {
  {
    await using finished = await claimWorkspace(parent, 'key');
    await writeFile(join(finished.directory, 'file'), 'whole');
    finished.finish();
    const empty = await claimWorkspace(parent, 'other');
    await empty[Symbol.asyncDispose]();
  }
  assert.deepEqual(await readdir(parent), []);
});

test('claimWorkspace() never gives one folder to two at once', async () => {
  await mkdir(join(parent, 'key'));
  await writeFile(join(parent, 'key', 'file'), 'half');
  const claims = await Promise.all(Array.from({ length: 10 }, () => claimWorkspace(parent, 'key')));
  assert.equal(new Set(claims.map(({ directory }) => directory)).size, 10);
  const contents = await Promise.all(claims.map(({ directory }) => readdir(directory)));
  assert.equal(contents.filter((names) => names.length === 1).length, 1);
  for (const claim of claims) await claim[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(parent), ['key']);
});

test('claimWorkspace() takes over from a process that died, not from one that runs', async () => {
  for (const pid of [deadPid, process.ppid]) {
    const orphan = join(parent, `key.${host}.${pid}.abc`);
    await mkdir(orphan);
    await writeFile(join(orphan, 'file'), String(pid));
  }
  await using claim = await claimWorkspace(parent, 'key');
  assert.equal(await readFile(join(claim.directory, 'file'), 'utf8'), String(deadPid));
  assert.ok((await readdir(parent)).includes(`key.${host}.${process.ppid}.abc`));
});

test('claimWorkspace() leaves folders of other machines alone', async () => {
  const foreign = `key.${host}x.${deadPid}.abc`;
  await mkdir(join(parent, foreign));
  await using claim = await claimWorkspace(parent, 'key');
  assert.deepEqual(await readdir(claim.directory), []);
  assert.ok((await readdir(parent)).includes(foreign));
});

test('claimWorkspace() removes what nobody has touched for long', async () => {
  const old = join(parent, 'other');
  await mkdir(old);
  await writeFile(join(old, 'file'), 'half');
  await utimes(join(old, 'file'), 1, 1);
  await utimes(old, 1, 1);
  await using claim = await claimWorkspace(parent, 'key');
  assert.deepEqual(await readdir(claim.directory), []);
  assert.equal((await readdir(parent)).includes('other'), false);
});
