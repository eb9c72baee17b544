import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readPipConfig } from './pip-config.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'headway-'));
});
afterEach(() => rm(home, { recursive: true }));

const read = (env: Record<string, string> = {}) =>
  readPipConfig({ env, homeDirectory: home, workingDirectory: home, trustedOrigins: [] });

async function write(path: string, ...lines: string[]): Promise<string> {
  const full = join(home, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, lines.join('\n'));
  return full;
}

test('readPipConfig() uses the public index when no file is to be read', async () => {
  const { indexUrls } = await read({ PIP_CONFIG_FILE: '/dev/null' });
  assert.equal(indexUrls.length, 1);
  assert.match(indexUrls[0] ?? '', /^https:\/\/[^/]+\/simple$/);
});

test("readPipConfig() reads the user's file, long values included", async () => {
  const cert = await write('ca.pem', 'CERTIFICATE');
  await write(
    '.config/pip/pip.conf',
    '# a comment',
    '[global]',
    'index-url = https://user:pass@pypi.example.com/simple/',
    'extra_index_url =',
    '    https://one.example.com/simple',
    '    https://two.example.com/simple',
    `cert: ${cert}`,
    '[list]',
    'index-url = https://not.example.com',
  );
  assert.deepEqual(await read(), {
    indexUrls: [
      'https://user:pass@pypi.example.com/simple',
      'https://one.example.com/simple',
      'https://two.example.com/simple',
    ],
    ca: 'CERTIFICATE',
  });
});

test('readPipConfig() prefers the environment, then the file it names', async () => {
  await write('.config/pip/pip.conf', '[global]', 'index-url = https://user.example.com');
  await write('xdg/pip/pip.conf', '[global]', 'index-url = https://xdg.example.com');
  const named = await write('named.conf', '[install]', 'index-url = https://named.example.com');
  const first = async (env: Record<string, string>) => (await read(env)).indexUrls[0];
  assert.equal(await first({}), 'https://user.example.com');
  assert.equal(await first({ XDG_CONFIG_HOME: join(home, 'xdg') }), 'https://xdg.example.com');
  assert.equal(await first({ PIP_CONFIG_FILE: named }), 'https://named.example.com');
  const env = { PIP_CONFIG_FILE: named, PIP_INDEX_URL: 'https://env.example.com' };
  assert.equal(await first(env), 'https://env.example.com');
});
