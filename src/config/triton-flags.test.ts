import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveServerConfig } from './resolve-server-config.ts';
import { serverSettings } from './server-config.ts';
import { settingsFromFlags } from './server-flags.ts';
import { addTritonFlags, ignoredTritonFlags, tritonFlags } from './triton-flags.ts';

const read = (options: Readonly<Record<string, unknown>>) =>
  resolveServerConfig([
    { from: 'command line', values: addTritonFlags(options, settingsFromFlags(options)) },
  ]);

const refuses = (options: Readonly<Record<string, unknown>>, text: RegExp) =>
  assert.throws(() => read(options), { code: 'invalid_argument', message: text });

test("addTritonFlags() takes Triton's names and units", () => {
  const config = read({
    modelStore: ['a', 'b'],
    httpAddress: '127.0.0.2',
    repositoryPollSecs: '5',
    exitTimeoutSecs: '90',
    httpMaxInputSize: '1000000',
    insecure: 'true',
    httpPort: '9000',
  });
  assert.deepEqual(config.modelRepositories, ['a', 'b']);
  assert.equal(config.httpHost, '127.0.0.2');
  assert.equal(config.repositoryPollMs, 5000);
  assert.equal(config.exitTimeoutMs, 90_000);
  assert.equal(config.maxBodyBytes, 1_000_000);
  assert.equal(config.insecure, true);
  assert.equal(config.httpPort, 9000);
});

test('addTritonFlags() takes --trace-config apart', () => {
  const config = read({
    traceConfig: [
      'mode=opentelemetry',
      'level=TIMESTAMPS',
      'rate=0',
      'count=-1',
      'opentelemetry,url=collector:4318/v1/traces',
      'opentelemetry,resource=service.name=prices',
      'opentelemetry,resource=stage=a=b',
      'opentelemetry,bsp_max_queue_size=100',
      'opentelemetry,bsp_max_export_batch_size=10',
      'opentelemetry,bsp_schedule_delay=250',
    ],
  });
  assert.equal(config.traceMode, 'opentelemetry');
  assert.deepEqual(config.traceLevels, ['TIMESTAMPS']);
  assert.equal(config.traceRate, 0);
  assert.equal(config.traceUrl, 'collector:4318/v1/traces');
  assert.deepEqual(config.traceResources, ['service.name=prices', 'stage=a=b']);
  assert.deepEqual([config.traceQueueSize, config.traceBatchSize], [100, 10]);
  assert.equal(config.traceDelayMs, 250);
  assert.equal(read({ traceConfig: ['triton,file=t.json'] }).traceFile, 't.json');
  refuses({ traceConfig: ['count=5'] }, /count=5: leave it out, and set it by/);
  refuses({ traceConfig: ['opentelemetry,urll=x'] }, /did you mean 'opentelemetry,url'/);
  refuses({ traceConfig: ['rate=1'], traceRate: '2' }, /Triton's word for --trace-rate/);
  refuses({ traceConfig: ['opentelemetry,bsp_max_queue_size=9'] }, /no more than 'traceQueueSize'/);
  refuses({ traceConfig: ['opentelemetry,resource=name'] }, /write it as name=value/);
});

test('addTritonFlags() says what to do instead of a flag it has no counterpart for', () => {
  refuses({ logVerbose: '1' }, /--log-verbose .* use --log-level verbose/);
  refuses({ strictReadiness: 'false' }, /--strict-readiness .* never ready before all/);
  refuses({ grpcUseSsl: true }, /--grpc-use-ssl .* --tls-certificate and --tls-key/);
  refuses({ grpcUseSslMutual: '1' }, /--grpc-use-ssl-mutual .* --tls-client-ca/);
  refuses({ grpcServerCert: 'a.pem' }, /--grpc-server-cert .* use --tls-certificate: every port/);
  refuses({ grpcServerKey: 'a.pem' }, /--grpc-server-key .* use --tls-key/);
  refuses({ grpcRootCert: 'a.pem' }, /--grpc-root-cert .* use --tls-client-ca/);
  refuses({ logFormat: 'ISO8601' }, /--log-format .* log_format by \/v2\/logging/);
  refuses({ backendConfig: 'onnxruntime,x=1' }, /--backend-config .* in the model's config/);
});

test('ignoredTritonFlags() tells of flags that change nothing, which are taken', () => {
  const options = {
    grpcKeepaliveTime: '10000',
    grpcHttp2MaxPingStrikes: '0',
    minSupportedComputeCapability: '6.0',
    httpThreadCount: '8',
  };
  read(options);
  const told = ignoredTritonFlags(options);
  assert.ok(told.includes('--http-thread-count changes nothing: connections need no threads.'));
  assert.equal(told.length, 4);
  assert.deepEqual(ignoredTritonFlags({ grpcMaxConnectionAge: '5' }), []);
  refuses({ grpcMaxConnectionAge: '5' }, /--grpc-max-connection-age .* as old as it likes/);
});

test('addTritonFlags() takes a flag that asks for what is so anyway', () => {
  read({ allowHttp: 'true', allowGrpc: '1', allowMetrics: true, strictReadiness: 'True' });
  read({ exitOnError: 'false', logVerbose: '0', logInfo: 'true', logFormat: 'default' });
  read({ grpcUseSsl: 'false', allowGpuMetrics: '0', rateLimit: 'off' });
  refuses({ allowHttp: 'false' }, /HTTP is always served/);
  refuses({ exitOnError: 'true' }, /keeps the server from being ready/);
});

test('no flag that says what to do instead names one that is not there', () => {
  const own = new Set<string>(Object.values(serverSettings).map(({ flag }) => flag));
  for (const [name, flag] of Object.entries(tritonFlags)) {
    const named = flag.kind === 'refused' ? flag.instead.matchAll(/--([a-z-]+)/g) : [];
    for (const [, other = ''] of named) assert.ok(own.has(other), `${name}: --${other}`);
  }
});

test('addTritonFlags() refuses a setting given under both names', () => {
  refuses(
    { exitTimeoutSecs: '5', exitTimeout: '5s' },
    /Triton's word for --exit-timeout; give one/,
  );
});

test('no flag of Triton is in the table that is a setting by the same name', () => {
  const own = new Set(Object.values(serverSettings).map(({ flag }) => flag));
  for (const name of Object.keys(tritonFlags)) assert.ok(!own.has(name), name);
});
