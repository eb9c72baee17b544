import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readNpmConfig } from './npm-config.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-'));
  await mkdir(join(root, 'home'));
  await mkdir(join(root, 'work'));
});
afterEach(() => rm(root, { recursive: true }));

const read = (env: Record<string, string> = {}) =>
  readNpmConfig({
    env,
    homeDirectory: join(root, 'home'),
    workingDirectory: join(root, 'work'),
    trustedOrigins: [],
  });

test('readNpmConfig() is empty where nothing is configured', async () => {
  assert.deepEqual(await read(), { scoped: {} });
});

test('readNpmConfig() reads registries, credentials, proxy and certificates', async () => {
  await writeFile(join(root, 'home', 'ca.pem'), 'CERTIFICATE');
  await writeFile(
    join(root, 'home', '.npmrc'),
    [
      '; a comment',
      '# another',
      'registry = "https://npm.example.com/"',
      '@acme:registry=https://acme.example.com/npm/',
      '//acme.example.com/npm/:_authToken=${TOKEN}',
      '//npm.example.com/:_auth=a=b=',
      'https-proxy=http://proxy:8080',
      'strict-ssl=false',
      'cafile=ca.pem',
      'fund=false',
    ].join('\n'),
  );
  assert.deepEqual(await read({ TOKEN: 'secret' }), {
    registry: 'https://npm.example.com/',
    httpsProxy: 'http://proxy:8080',
    strictSSL: false,
    ca: 'CERTIFICATE',
    scoped: {
      '@acme:registry': 'https://acme.example.com/npm/',
      '//acme.example.com/npm/:_authToken': 'secret',
      '//npm.example.com/:_auth': 'a=b=',
    },
  });
});

test('readNpmConfig() prefers the environment to the project, and that to the user', async () => {
  await writeFile(join(root, 'home', '.npmrc'), 'registry=https://user.example.com/');
  assert.equal((await read()).registry, 'https://user.example.com/');
  await writeFile(join(root, 'work', '.npmrc'), 'registry=https://project.example.com/');
  assert.equal((await read()).registry, 'https://project.example.com/');
  const env = { NPM_CONFIG_REGISTRY: 'https://env.example.com/' };
  assert.equal((await read(env)).registry, 'https://env.example.com/');
});

test('readNpmConfig() reads the file that the environment names', async () => {
  const named = join(root, 'named');
  await writeFile(named, 'registry=https://named.example.com/');
  const config = await read({ npm_config_userconfig: named });
  assert.equal(config.registry, 'https://named.example.com/');
});

test("readNpmConfig() finds npm's cache where there is one", async () => {
  const cache = join(root, 'home', '.npm', '_cacache');
  await mkdir(cache, { recursive: true });
  assert.equal((await read()).cache, cache);
  assert.equal((await read({ npm_config_cache: join(root, 'none') })).cache, undefined);
});
