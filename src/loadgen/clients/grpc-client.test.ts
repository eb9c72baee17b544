import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type ServerHttp2Stream, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { clientCertificate, serverCertificate } from '../../testing/certificates.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { sendRequest } from '../../testing/run-requests.ts';
import type { CheckedRequest } from '../inputs/prepared-request.ts';
import { createGrpcLoadClient } from './grpc-client.ts';

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

async function startServer(answer: Answer, settings: { maxConcurrentStreams?: number } = {}) {
  const server = createServer({ settings });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    stream.resume();
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerWith(stream: ServerHttp2Stream, status: number, message?: Buffer): void {
  stream.respond({ ':status': 200, 'server-timing': 'queue;dur=3' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status) }));
  stream.end(message);
}

const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), Buffer.from(text)]);

const call: CheckedRequest = {
  method: 'POST',
  path: '/inference.GRPCInferenceService/ModelInfer',
  headers: {},
  body: frame('question'),
};

test('a gRPC client makes calls, and holds answers against what is expected', async () => {
  const paths: unknown[] = [];
  await using server = await startServer((stream, headers) => {
    paths.push(headers[':path']);
    answerWith(stream, 0, frame('good'));
  });
  const check: CheckedRequest['check'] = ({ body }) =>
    Buffer.from(body).toString() === 'better' ? undefined : 'other text';
  await using client = createGrpcLoadClient({
    url: `grpc://${server.url}`,
    requests: [call, { ...call, check }],
  });
  assert.deepEqual(await sendRequest(client, 0), {
    calls: ['sent', 'firstByte'],
    outcome: 'ok',
    detail: { queueMs: 3 },
  });
  const { outcome, detail } = await sendRequest(client, 1);
  assert.deepEqual([outcome, detail.reason], ['wrong', 'other text']);
  assert.deepEqual(paths, [call.path, call.path]);
  assert.equal(server.sessions.size, 1);
});

test('a gRPC client tells outcomes by the status', async () => {
  await using server = await startServer((stream, headers) => {
    const status = Number(headers['x-status']);
    if (status === 0) answerWith(stream, 0);
    else if (status > 97)
      stream.respond({ ':status': status === 98 ? 200 : 404 }, { endStream: true });
    else stream.respond({ ':status': 200, 'grpc-status': String(status) }, { endStream: true });
  });
  const statuses = [8, 14, 4, 3, 0, 98, 99];
  const requests = statuses.map((status) => ({ ...call, headers: { 'x-status': String(status) } }));
  await using client = createGrpcLoadClient({ url: server.url, requests });
  const ended = await Promise.all(statuses.map((_, input) => sendRequest(client, input)));
  assert.deepEqual(
    ended.map(({ outcome, detail }) => [outcome, detail.reason]),
    [
      ['rejected', 'gRPC status resource_exhausted'],
      ['rejected', 'gRPC status unavailable'],
      ['timeout', 'gRPC status deadline_exceeded'],
      ['failed', 'gRPC status invalid_argument'],
      ['failed', 'gRPC status ok without a message'],
      ['failed', 'an answer without a gRPC status: does the address name the gRPC port?'],
      ['failed', 'HTTP status 404 and not gRPC'],
    ],
  );
});

test('a gRPC client opens another connection when the server takes no more calls on one', async () => {
  let callCount = 0;
  const held: ServerHttp2Stream[] = [];
  await using server = await startServer(
    (stream) => {
      callCount += 1;
      held.push(stream);
      // The first answer tells the client of the limit.
      if (callCount !== 2) for (const it of held.splice(0)) answerWith(it, 0, frame('x'));
    },
    { maxConcurrentStreams: 1 },
  );
  await using client = createGrpcLoadClient({
    url: server.url,
    requests: [call],
    maxConnections: 2,
  });
  await sendRequest(client);
  const ended = await Promise.all([0, 1, 2].map((input) => sendRequest(client, input)));
  assert.deepEqual(
    ended.map(({ outcome }) => outcome),
    ['ok', 'ok', 'dropped'],
  );
  assert.equal(server.sessions.size, 2);
});

test('a gRPC client tells when nobody listens and when the connection breaks', async () => {
  const gone = await startServer(() => {});
  await gone[Symbol.asyncDispose]();
  await using refused = createGrpcLoadClient({ url: gone.url, requests: [call] });
  const nobody = await sendRequest(refused);
  assert.deepEqual(
    [nobody.outcome, nobody.detail.reason],
    ['disconnected', 'the connection was refused'],
  );
  await using server = await startServer((stream) => stream.session?.destroy());
  await using client = createGrpcLoadClient({ url: server.url, requests: [call] });
  assert.equal((await sendRequest(client)).outcome, 'disconnected');
});

test('a gRPC client gives up after the timeout, and when it is cut off', async () => {
  await using server = await startServer(() => {});
  const clock = createManualClock();
  const options = { url: server.url, requests: [call], timeoutMs: 1000, clock };
  await using client = createGrpcLoadClient(options);
  const late = sendRequest(client);
  clock.advance(1000);
  assert.deepEqual((await late).detail, { reason: 'no answer within 1000 ms' });
  const open = sendRequest(client);
  client.cutOff();
  assert.equal((await open).outcome, 'unfinished');
});

test('a gRPC client refuses a url without a port that there can be', () => {
  for (const url of ['x', 'x:65536', 'grpcs://[::1]:99999']) {
    const expected = { code: 'invalid_argument', message: /must be host:port/ };
    assert.throws(() => createGrpcLoadClient({ url, requests: [call] }), expected);
  }
});

test('a gRPC client refuses a key of another certificate', () => {
  const tls = { cert: serverCertificate.certificate, key: clientCertificate.key };
  const create = (url: string) => createGrpcLoadClient({ url, requests: [call], tls });
  const expected = { code: 'invalid_argument', message: /the key that belongs to the certificate/ };
  assert.throws(() => create('grpcs://localhost:1'), expected);
});
