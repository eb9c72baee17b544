import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createStyle } from '../style.ts';
import { formatChecks } from './format-checks.ts';
import {
  checkClock,
  checkCores,
  checkInstructions,
  checkMemory,
  checkOpenFiles,
} from './machine-checks.ts';
import { checkPort, checkStore } from './place-checks.ts';
import { checkNode, checkRuntime } from './runtime-checks.ts';

const nothing = () => undefined;

/** A system with one file, whatever its path. */
const system = (text: string) => () => text;

test('checkNode() holds Node to the range of the package', () => {
  assert.equal(checkNode('24.21.0', '>=24.12').status, 'ok');
  assert.equal(checkNode('26.0.0', '>=24.12').status, 'ok');
  assert.equal(checkNode('24.11.9', '>=24.12').status, 'fail');
  assert.match(checkNode('20.20.2', '>=24.12').mend ?? '', /needs Node >=24\.12/);
});

test('checkCores() tells cores that a quota takes away', () => {
  assert.deepEqual(checkCores({ usable: 4, visible: 4 }).detail, '4 cores');
  assert.match(checkCores({ usable: 2, visible: 16 }).detail, /2 cores of 16: a CPU quota/);
  assert.equal(checkCores({ usable: 1, visible: 1 }).status, 'warn');
});

test('checkMemory() tells the limit where there is one', () => {
  const gigabytes = (count: number) => count * 1e9;
  const check = (limitBytes: number, availableBytes: number) =>
    checkMemory({ totalBytes: gigabytes(16), limitBytes, availableBytes });
  assert.equal(check(0, gigabytes(8)).detail, '8.0 GB free of 16.0 GB');
  assert.equal(check(2 ** 64, gigabytes(8)).detail, '8.0 GB free of 16.0 GB');
  assert.equal(
    check(gigabytes(4), gigabytes(2)).detail,
    '2.0 GB free of a limit of 4.0 GB on 16.0 GB',
  );
  assert.equal(check(0, gigabytes(0.5)).status, 'warn');
});

test('checkInstructions() looks for what makes INT8 fast', () => {
  const amd = system('model name\t: x\nflags\t\t: fpu sse4_1 avx avx2 avx512f avx512_vnni\n');
  assert.deepEqual(checkInstructions(amd, 'x64'), {
    name: 'instructions',
    status: 'ok',
    detail: 'avx512f avx512_vnni',
    mend: null,
  });
  const old = checkInstructions(system('flags : sse4_1 avx avx2'), 'x64');
  assert.deepEqual([old.status, old.detail], ['warn', 'avx2']);
  const arm = checkInstructions(system('Features : fp asimd asimdhp asimddp i8mm'), 'arm64');
  assert.deepEqual([arm.status, arm.detail], ['ok', 'asimd i8mm asimddp asimdhp']);
  assert.equal(checkInstructions(nothing, 'x64').status, 'ok');
});

test('checkClock() and checkOpenFiles() warn of what slows a server down', () => {
  assert.equal(checkClock(system('tsc\n'), 40.4).detail, 'tsc, 40 ns a reading');
  assert.equal(checkClock(system('hpet\n'), 900).status, 'warn');
  assert.equal(checkClock(nothing, 40).status, 'ok');
  const limits = (soft: string) =>
    system(`Max open files            ${soft}        20000   files\n`);
  assert.equal(checkOpenFiles(limits('1024')).status, 'warn');
  assert.equal(checkOpenFiles(limits('20000')).status, 'ok');
  assert.equal(checkOpenFiles(limits('unlimited')).status, 'ok');
  assert.equal(checkOpenFiles(nothing).status, 'ok');
});

test('checkPort() tells a port that is in use', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const wanted = { port, use: 'inference', flag: '--http-port' };
  const taken = await checkPort(wanted);
  assert.deepEqual([taken.status, taken.detail], ['warn', 'in use (inference)']);
  assert.match(taken.mend ?? '', /--http-port/);
  await new Promise((resolve) => server.close(resolve));
  assert.equal((await checkPort(wanted)).status, 'ok');
});

test('checkStore() looks at the folder the store would be made in', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'headway-'));
  const { status, detail } = await checkStore(join(folder.path, 'not', 'there', 'yet'));
  assert.notEqual(status, 'fail');
  assert.match(detail, /yet, .* free$/);
});

test('checkRuntime() loads the bundled library and says why another one does not load', async () => {
  const bundled = await checkRuntime(undefined);
  assert.equal(bundled.status, 'ok');
  assert.match(bundled.detail, /^1\.\d+\.\d+, API \d+, answers rightly, built with .*CPU/);
  const foreign = await checkRuntime(import.meta.filename);
  assert.equal(foreign.status, 'fail');
  assert.match(foreign.detail, /checks\.test\.ts' cannot be used/);
});

test('formatChecks() puts what would mend a check under it', () => {
  const checks = [
    checkNode('20.0.0', '>=24.12'),
    checkCores({ usable: 1, visible: 1 }),
    checkOpenFiles(nothing),
  ];
  assert.deepEqual(formatChecks(checks, createStyle(new PassThrough(), {})), [
    'fail  node        20.0.0',
    '                  Headway needs Node >=24.12: install it from nodejs.org.',
    'warn  cores       1 core',
    '                  With one core a running model holds up everything else; give the process two.',
    'ok    open files  this system does not tell the limit',
    '',
    '1 ok, 1 to look at, 1 failed',
  ]);
});
