import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveServerConfig } from './resolve-server-config.ts';
import { flagOf, serverFlags, serverSettingsTable, settingsFromFlags } from './server-flags.ts';

const resolve = (values: unknown) => resolveServerConfig([{ from: 'headway.yaml', values }]);

const refuses = (values: unknown, text: RegExp) =>
  assert.throws(() => resolve(values), { code: 'invalid_argument', message: text });

test('resolveServerConfig() gives every setting its default, and a frozen result', () => {
  const config = resolveServerConfig([]);
  assert.equal(config.httpPort, 8000);
  assert.equal(config.maxBodyBytes, 67_108_864);
  assert.equal(config.exitTimeoutMs, 30_000);
  assert.equal(config.modelControlMode, 'none');
  assert.equal(config.onnxruntimeLibrary, undefined);
  assert.ok(Object.isFrozen(config));
});

test('resolveServerConfig() lets later layers win and skips what they leave out', () => {
  const config = resolveServerConfig([
    { from: 'headway.yaml', values: { httpPort: 9000, logLevel: 'error' } },
    { from: 'command line', values: { httpPort: '9001', logLevel: undefined } },
  ]);
  assert.equal(config.httpPort, 9001);
  assert.equal(config.logLevel, 'error');
});

test('resolveServerConfig() reads quantities with units', () => {
  const config = resolve({ maxBodyBytes: '1GiB', exitTimeoutMs: '1.5m', repositoryPollMs: 500 });
  assert.equal(config.maxBodyBytes, 1024 ** 3);
  assert.equal(config.exitTimeoutMs, 90_000);
  assert.equal(config.repositoryPollMs, 500);
});

test('resolveServerConfig() names the nearest known setting', () => {
  refuses({ htpPort: 1 }, /headway\.yaml: unknown setting 'htpPort'; did you mean 'httpPort'\?/);
  refuses(JSON.parse('{"__proto__": 1}'), /unknown setting '__proto__'/);
});

test('resolveServerConfig() says what it expected and got', () => {
  refuses({ httpPort: 70_000 }, /'httpPort' must be a whole number from 0 to 65535, got 70000/);
  refuses({ modelControlMode: 'all' }, /must be one of none, poll, explicit/);
  refuses({ loadModels: 'x' }, /must be a list of texts/);
  refuses({ loadModels: ['x'] }, /--load-model\) needs .*explicit; it is none/);
  refuses({ exitTimeoutMs: 'soon' }, /must be a duration from 0ms to 24h/);
  refuses([], /expected settings by name, got a list/);
});

test('resolveServerConfig() names a setting as it is written where it was said', () => {
  const resolveBoth = (file: object, flags: object): unknown =>
    resolveServerConfig([
      { from: 'headway.yaml', values: file },
      { from: 'command line', values: flags, written: flagOf },
    ]);
  for (const [file, flags, message] of [
    [{}, { httpPort: 'x' }, /^--http-port must be/],
    [{ httpPort: 'x' }, {}, /^headway\.yaml: setting 'httpPort' must be/],
    [{ httpHost: '::' }, { grpcHost: '127.0.0.1' }, /^headway\.yaml: setting 'httpHost' is '::'/],
    [{ httpHost: '127.0.0.1' }, { httpHost: '::' }, /^--http-host is '::'/],
    [{}, { tlsKey: 'k' }, /^--tls-key was given alone/],
    [{ tlsClientCa: 'c' }, {}, /^headway\.yaml: setting 'tlsClientCa' needs/],
  ] as const) {
    assert.throws(() => resolveBoth(file, flags), { message });
  }
});

test('resolveServerConfig() never prints a value that may be a secret', () => {
  assert.throws(
    () => resolve({ apiKeys: 'hush-hush' }),
    (error: Error) => !error.message.includes('hush'),
  );
});

test('resolveServerConfig() wants a key or an explicit flag beyond loopback', () => {
  refuses({ httpHost: '0.0.0.0' }, /'httpHost' is '0\.0\.0\.0'.*--api-key.*--insecure/);
  refuses({ metricsHost: '::' }, /'metricsHost'/);
  refuses({ grpcHost: '::' }, /'grpcHost'/);
  assert.equal(resolve({ httpHost: '0.0.0.0', insecure: true }).httpHost, '0.0.0.0');
  assert.equal(resolve({ httpHost: '0.0.0.0', apiKeys: ['k'] }).httpHost, '0.0.0.0');
  assert.equal(resolve({ httpHost: '127.0.0.2' }).httpHost, '127.0.0.2');
});

test('serverFlags() and settingsFromFlags() agree on every setting', () => {
  assert.ok(serverFlags().some((flag) => flag.usage === '--repository-poll <duration>'));
  const values = settingsFromFlags({ modelRepository: ['a'], maxBody: '1MiB', other: 1 });
  assert.deepEqual(values, { modelRepositories: ['a'], maxBodyBytes: '1MiB' });
  assert.equal(resolve(values).maxBodyBytes, 1024 ** 2);
});

test('serverSettingsTable() has a row for every setting', () => {
  assert.equal(serverSettingsTable().split('\n').length, serverFlags().length + 2);
});
