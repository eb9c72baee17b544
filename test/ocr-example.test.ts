import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { text } from 'node:stream/consumers';

const main = join(import.meta.dirname, '../examples/ocr/main.ts');
let home: string;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'headway-ocr-'));
});

after(async () => {
  await rm(home, { recursive: true, force: true });
});

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [main, '--home', join(home, '.headway'), ...args], {
    env: { ...process.env, HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

interface Finished {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function finish(child: ChildProcess): Promise<Finished> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ]);
  return { code, stdout, stderr };
}

test('the OCR example downloads its models, reads the line it drew, and exits 0', async () => {
  const { code, stdout, stderr } = await finish(start(['--once', '--port', '0']));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /models .*\(downloaded\)/u);
  assert.match(stdout, /read +Headway reads this line +\d+\.\d %/u);
  for (const stage of ['decode', 'find', 'crop', 'recognise']) {
    assert.match(stdout, new RegExp(`${stage} +\\d+\\.\\d`, 'u'));
  }
});

test('the OCR example needs no network when it has its models', async () => {
  const nowhere = { npm_config_registry: 'http://127.0.0.1:9/' };
  const args = ['--once', '--port', '0', '--text', 'Open all day'];
  const { code, stdout, stderr } = await finish(start(args, nowhere));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /models .*\(from the store\)/u);
  assert.match(stdout, /read +Open all day /u);
  assert.equal(stderr, '');
});

test('the OCR example serves until it is interrupted, and then exits 0', async () => {
  const child = start(['--port', '0']);
  const finished = finish(child);
  const { promise: url, resolve } = Promise.withResolvers<string>();
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const found = /curl (http:\S+)\n/u.exec(output)?.[1];
    if (found !== undefined) resolve(found);
  });
  const answer = await fetch(await Promise.race([url, finished.then(() => 'http://gone')]));
  assert.equal(answer.status, 200);
  child.kill('SIGINT');
  assert.equal((await finished).code, 0);
});

test('the OCR example says how to choose another port when its own is taken', async () => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const { code, stderr } = await finish(start(['--once', '--port', String(port)]));
  holder.close();
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`port ${port}: it is in use.*--port`, 'u'));
});

test('the OCR example refuses arguments it does not know with exit code 2', async () => {
  const { code, stderr } = await finish(start(['--onse']));
  assert.equal(code, 2);
  assert.match(stderr, /--onse[\s\S]*npm start/u);
});

test('the OCR example says that a picture of the user is none', async () => {
  const { code, stderr } = await finish(start(['--once', '--port', '0', '--image', main]));
  assert.equal(code, 1);
  assert.match(stderr, /JPEG, PNG or WebP/u);
});
