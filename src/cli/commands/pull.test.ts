import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { buildZip } from '../../testing/build-archive.ts';
import { answerFile, startLoopbackServer } from '../../testing/loopback-server.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { pullCommand } from './pull.ts';

const weights = Buffer.from('weights');
const sha256 = createHash('sha256').update(weights).digest('hex');

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'headway-'));
  await writeFile(join(cwd, 'm.onnx'), weights);
});
afterEach(() => rm(cwd, { recursive: true }));

async function pull(args: readonly string[], env: Record<string, string> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const command = pullCommand({
    stdout,
    stderr,
    args,
    env: { HOME: cwd, PIP_CONFIG_FILE: '/dev/null', ...env },
    clock: createManualClock(),
    cwd,
    signal: new AbortController().signal,
  });
  command.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...args], { from: 'user' });
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

test('pullCommand() says where the file is and what it is', async () => {
  const { stdout } = await pull(['file:m.onnx']);
  const path = join(cwd, 'm.onnx');
  assert.equal(stdout, `${path}\n  7 B, sha256 ${sha256}\n  already there, from ${path}\n`);
});

test('pullCommand() fetches into the home folder and copies out', async () => {
  await using server = await startLoopbackServer((request, response) => {
    if (request.url?.endsWith('.whl') === true) {
      const data = buildZip([{ name: 'acme/m.onnx', data: weights }]);
      answerFile(request, response, { data, etag: '"v1"' });
    } else {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<a href="/acme-1.0-py3-none-any.whl">x</a>');
    }
  });
  const reference = 'pypi:acme==1.0/acme/m.onnx';
  const args = [reference, '--home', 'home', '--output', 'out/1/model.onnx', '--json'];
  const { stdout, stderr } = await pull(args, { PIP_INDEX_URL: server.origin });
  assert.deepEqual(JSON.parse(stdout), {
    reference: `${reference}#sha256=${sha256}`,
    path: join(cwd, 'home', 'models', 'blobs', sha256),
    sha256,
    bytes: 7,
    resolved: `${server.origin}/acme-1.0-py3-none-any.whl`,
    wasThere: false,
    output: join(cwd, 'out', '1', 'model.onnx'),
  });
  assert.equal(stderr, '');
  assert.deepEqual(await readFile(join(cwd, 'out', '1', 'model.onnx')), weights);
});

test('pullCommand() holds the file to a checksum', async () => {
  await pull(['file:m.onnx', '--sha256', sha256.toUpperCase()]);
  await assert.rejects(pull(['file:m.onnx', '--sha256', 'ab'.repeat(32)]), { code: 'data_loss' });
  await assert.rejects(pull(['file:m.onnx', '--sha256', 'abc']), { message: /64 hex digits/ });
  await assert.rejects(pull([`file:m.onnx#sha256=${sha256}`, '--sha256', 'ab'.repeat(32)]), {
    message: /differ/,
  });
});

test('pullCommand() refuses options that make no sense', async () => {
  for (const [option, value] of [
    ['--max-bytes', '0'],
    ['--max-bytes', '1e99'],
    ['--allow-origin', 'models.internal'],
    ['--allow-origin', 'https://models.internal/path'],
    ['--allow-origin', 'ftp://models.internal'],
  ] as const) {
    await assert.rejects(pull(['file:m.onnx', option, value]), {
      code: 'invalid_argument',
      message: new RegExp(`${option} '`),
    });
  }
});
