import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createServer } from '../src/cli/create-server.ts';
import {
  type OipGrpcClient,
  createOipGrpcClient,
  createOipHttpClient,
} from '../src/client/index.ts';
import type { ServerConfigInput } from '../src/config/resolve-server-config.ts';
import {
  type TestCertificate,
  clientCertificate,
  renewedCertificate,
  serverCertificate,
  strangerCertificate,
  testAuthority,
} from '../src/testing/certificates.ts';
import { createManualClock } from '../src/testing/manual-clock.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { type TestRepository, createTestRepository, until } from './support/serve.ts';

async function repositoryWithFiles({
  certificate,
  key,
}: TestCertificate = serverCertificate): Promise<TestRepository> {
  return createTestRepository({
    'models/add/1/model.onnx': addModel({ elements: 4 }),
    'server.pem': certificate,
    'server.key': key,
    'ca.pem': testAuthority,
  });
}

function settings({ root }: TestRepository, given: ServerConfigInput = {}): ServerConfigInput {
  return {
    modelRepositories: [`${root}/models`],
    httpPort: 0,
    grpcPort: 0,
    metricsPort: 0,
    tlsCertificate: `${root}/server.pem`,
    tlsKey: `${root}/server.key`,
    ...given,
  };
}

function clientOf(url: string, certificate?: TestCertificate) {
  const own = certificate && { cert: certificate.certificate, key: certificate.key };
  return createOipHttpClient({ url, agentOptions: { ca: testAuthority, ...own } });
}

function grpcClientOf(target: string, certificate?: TestCertificate): OipGrpcClient {
  const own = certificate && { cert: certificate.certificate, key: certificate.key };
  return createOipGrpcClient({ url: `grpcs://${target}`, tls: { ca: testAuthority, ...own } });
}

/** The common name of the certificate that a port shows, to a client of HTTP/1.1 or HTTP/2. */
function shownName(port: number, protocol = 'http/1.1'): Promise<string> {
  const given = { port, host: '127.0.0.1', ca: testAuthority, ALPNProtocols: [protocol] };
  return new Promise((resolve, reject) => {
    const socket = connectTls(given, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('every port speaks TLS with the certificate, 1.2 at least, and drains', async () => {
  await using repository = await repositoryWithFiles();
  await using server = await createServer(settings(repository));
  assert.match(server.urls.http, /^https:/);
  assert.match(server.urls.metrics, /^https:/);
  using client = clientOf(server.urls.http);
  const x = new Float32Array([1, 2, 3, 4]);
  const inputs = ['a', 'b'].map((name) => ({
    name,
    shape: [1, 4],
    datatype: 'FP32' as const,
    data: x,
  }));
  const answer = await client.infer({ model: 'add', inputs });
  assert.equal(answer.outputs.size, 1);
  using grpc = grpcClientOf(server.urls.grpc);
  assert.deepEqual((await grpc.infer({ model: 'add', inputs })).outputs, answer.outputs);
  using plain = createOipGrpcClient({ url: server.urls.grpc });
  await assert.rejects(plain.isLive(), { code: 'unavailable' });
  using stranger = createOipHttpClient({ url: server.urls.http });
  await assert.rejects(stranger.isLive(), { code: 'unavailable' });
  const port = Number(new URL(server.urls.http).port);
  await assert.rejects(
    new Promise((resolve, reject) => {
      const old = connectTls(
        { port, host: '127.0.0.1', ca: testAuthority, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' },
        () => resolve(old),
      );
      old.on('error', reject);
    }),
  );
  const silent = connect(port, '127.0.0.1');
  silent.on('error', () => {});
  await new Promise((resolve) => silent.once('connect', resolve));
  silent.destroy();
});

test('clients need a certificate of the authority, where one is named', async () => {
  await using repository = await repositoryWithFiles();
  const clientCa = `${repository.root}/ca.pem`;
  await using server = await createServer(settings(repository, { tlsClientCa: clientCa }));
  using known = clientOf(server.urls.http, clientCertificate);
  assert.equal(await known.isReady(), true);
  for (const certificate of [undefined, strangerCertificate]) {
    using unknown = clientOf(server.urls.http, certificate);
    await assert.rejects(unknown.isReady(), { code: 'unavailable' });
    using unknownGrpc = grpcClientOf(server.urls.grpc, certificate);
    await assert.rejects(unknownGrpc.isReady(), { code: 'unavailable' });
  }
  using knownGrpc = grpcClientOf(server.urls.grpc, clientCertificate);
  assert.equal(await knownGrpc.isReady(), true);
  using scraper = clientOf(server.urls.metrics);
  await assert.rejects(scraper.isReady(), { code: 'unavailable' });
});

test('changed files are read again; a pair that does not fit leaves the one before', async () => {
  await using repository = await repositoryWithFiles();
  const clock = createManualClock();
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const logger = { error: note, warning: note, info: note, verbose: () => {} };
  await using server = await createServer(settings(repository, { exitTimeoutMs: 0 }), {
    logger,
    clock,
  });
  const port = Number(new URL(server.urls.http).port);
  const grpcPort = Number(server.urls.grpc.split(':').at(-1));
  using before = grpcClientOf(server.urls.grpc);
  assert.equal(await before.isLive(), true);
  const isLogged = (words: string) => async (): Promise<boolean> => {
    clock.advance(5000);
    await shownName(port);
    return lines.some((line) => line.includes(words));
  };
  assert.equal(await shownName(port), 'server');
  await repository.write({ 'server.pem': renewedCertificate.certificate });
  await until(isLogged('cannot be used'));
  assert.equal(await shownName(port), 'server');
  await repository.write({ 'server.key': renewedCertificate.key });
  await until(isLogged('read again'));
  assert.equal(await shownName(port), 'renewed');
  assert.equal(await shownName(grpcPort, 'h2'), 'renewed');
  using after = grpcClientOf(server.urls.grpc);
  assert.deepEqual([await before.isLive(), await after.isLive()], [true, true]);
});

test('a start says which TLS file cannot be used, and why', async () => {
  await using repository = await repositoryWithFiles();
  await repository.write({ 'other.key': renewedCertificate.key, 'empty.pem': 'nothing' });
  const { root } = repository;
  const cases: readonly [ServerConfigInput, RegExp][] = [
    [{ tlsKey: `${root}/none.key` }, /TLS key file '[^']*none\.key' cannot be read/],
    [{ tlsCertificate: `${root}/empty.pem` }, /'[^']*empty\.pem' holds no certificate/],
    [{ tlsKey: `${root}/empty.pem` }, /'[^']*empty\.pem' holds no private key/],
    [{ tlsKey: `${root}/other.key` }, /other\.key' does not belong to the first certificate/],
    [{ tlsClientCa: `${root}/empty.pem` }, /client authority file '[^']*empty\.pem' holds no/],
  ];
  for (const [given, message] of cases) {
    await assert.rejects(createServer(settings(repository, given)), {
      code: 'failed_precondition',
      message,
    });
  }
  const halves = settings(repository, { tlsKey: undefined });
  await assert.rejects(createServer(halves), { code: 'invalid_argument', message: /go together/ });
});
