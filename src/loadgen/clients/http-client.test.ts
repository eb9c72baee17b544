import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { test } from 'node:test';
import { clientCertificate, serverCertificate } from '../../testing/certificates.ts';
import { startLoopbackServer } from '../../testing/loopback-server.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { sendRequest } from '../../testing/run-requests.ts';
import type { CheckedRequest } from '../inputs/prepared-request.ts';
import { createHttpLoadClient } from './http-client.ts';

const infer: CheckedRequest = {
  method: 'POST',
  path: '/infer',
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from('question'),
};

test('an HTTP client sends the requests in turn, over one connection', async () => {
  const sockets = new Set<Socket>();
  await using server = await startLoopbackServer((request, response) => {
    sockets.add(request.socket);
    response.end();
  });
  const get: CheckedRequest = { method: 'GET', path: '/x', headers: {}, body: Buffer.alloc(0) };
  await using client = createHttpLoadClient({
    url: `${server.origin}/v2/`,
    requests: [infer, get],
  });
  for (const input of [0, 1, 2]) {
    const { calls, outcome } = await sendRequest(client, input);
    assert.deepEqual([calls, outcome], [['sent', 'firstByte'], 'ok']);
  }
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ['/v2/infer', '/v2/x', '/v2/infer'],
  );
  assert.equal(server.requests[0]?.headers['content-type'], 'text/plain');
  assert.equal(server.requests[0]?.headers['content-length'], '8');
  assert.equal(sockets.size, 1);
});

test('an HTTP client opens another connection when all are busy, up to its limit', async () => {
  const answers: ServerResponse[] = [];
  await using server = await startLoopbackServer((_request, response) => {
    answers.push(response);
    if (answers.length === 2) for (const answer of answers) answer.end();
  });
  const options = { url: server.origin, requests: [infer], maxConnections: 2 };
  await using client = createHttpLoadClient(options);
  const ended = await Promise.all([0, 1, 2].map((input) => sendRequest(client, input)));
  assert.deepEqual(
    ended.map(({ outcome }) => outcome),
    ['ok', 'ok', 'dropped'],
  );
  assert.deepEqual(ended[2]?.calls, ['sent']);
});

test('an HTTP client tells outcomes by the status', async () => {
  await using server = await startLoopbackServer((request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end('{"error":"out of order"}');
  });
  const statuses = [201, 429, 503, 408, 504, 400, 500];
  const requests = statuses.map((status) => ({ ...infer, path: `/${status}` }));
  await using client = createHttpLoadClient({ url: server.origin, requests });
  const ended = await Promise.all(statuses.map((_, input) => sendRequest(client, input)));
  assert.deepEqual(
    ended.map(({ outcome }) => outcome),
    ['ok', 'rejected', 'rejected', 'timeout', 'timeout', 'failed', 'failed'],
  );
  assert.equal(ended[6]?.detail.reason, 'HTTP status 500: out of order');
});

test('an HTTP client holds answers against what is expected, and reads the server timings', async () => {
  await using server = await startLoopbackServer((_request, response) => {
    response.setHeader('Server-Timing', 'read;dur=9, queue;dur=1.5, input;dur=0.5, execute;dur=2');
    response.end('good');
  });
  const expecting = (text: string): CheckedRequest => ({
    ...infer,
    check: ({ body }) => (Buffer.from(body).toString() === text ? undefined : 'other text'),
  });
  const requests = [expecting('good'), expecting('better')];
  await using client = createHttpLoadClient({ url: server.origin, requests });
  const times = { queueMs: 1.5, computeMs: 2.5 };
  const good = await sendRequest(client, 0);
  assert.deepEqual([good.outcome, good.detail], ['ok', times]);
  const other = await sendRequest(client, 1);
  assert.deepEqual([other.outcome, other.detail], ['wrong', { ...times, reason: 'other text' }]);
});

test('an HTTP client tells when nobody listens and when the connection breaks', async () => {
  const { origin } = await closedServer();
  await using refused = createHttpLoadClient({ url: origin, requests: [infer] });
  const nobody = await sendRequest(refused);
  assert.equal(nobody.outcome, 'disconnected');
  assert.equal(nobody.detail.reason, 'the connection was refused');

  await using server = await startLoopbackServer((request, response) => {
    if (request.url === '/reset') request.socket.resetAndDestroy();
    else {
      response.writeHead(200, { 'content-length': 10 }).write('half');
      setImmediate(() => request.socket.destroy());
    }
  });
  const requests = ['/reset', '/half'].map((path) => ({ ...infer, path }));
  await using client = createHttpLoadClient({ url: server.origin, requests });
  const reset = await sendRequest(client, 0);
  assert.deepEqual(
    [reset.outcome, reset.detail.reason],
    ['disconnected', 'the connection was reset'],
  );
  const half = await sendRequest(client, 1);
  assert.equal(half.outcome, 'disconnected');
  assert.deepEqual(half.calls, ['sent', 'firstByte']);
});

test('an HTTP client sends again what met a kept connection just being closed', async () => {
  let answerCount = 0;
  await using server = await startLoopbackServer((request, response) => {
    answerCount += 1;
    if (answerCount === 2) request.socket.resetAndDestroy();
    else response.end();
  });
  await using client = createHttpLoadClient({ url: server.origin, requests: [infer] });
  await sendRequest(client);
  const second = await sendRequest(client);
  assert.equal(second.outcome, 'ok');
  assert.equal(answerCount, 3);
});

test('an HTTP client gives up after the timeout, and when it is cut off', async () => {
  await using server = await startLoopbackServer(() => {});
  const clock = createManualClock();
  const options = { url: server.origin, requests: [infer], timeoutMs: 1000, clock };
  await using client = createHttpLoadClient(options);
  const late = sendRequest(client);
  clock.advance(1000);
  assert.deepEqual(await late, {
    calls: ['sent'],
    outcome: 'timeout',
    detail: { reason: 'no answer within 1000 ms' },
  });
  const open = sendRequest(client);
  client.cutOff();
  assert.equal((await open).outcome, 'unfinished');
  assert.equal(clock.pendingCount, 0);
});

test('an HTTP client refuses a url of another kind', () => {
  const message = /The url 'ftp:\/\/x' must begin with http:\/\/ or https:\/\/ and name a host, as/;
  assert.throws(() => createHttpLoadClient({ url: 'ftp://x', requests: [infer] }), message);
});

test('an HTTP client refuses a key of another certificate', () => {
  const tls = { cert: serverCertificate.certificate, key: clientCertificate.key };
  const create = (url: string) => createHttpLoadClient({ url, requests: [infer], tls });
  const expected = { code: 'invalid_argument', message: /the key that belongs to the certificate/ };
  assert.throws(() => create('https://localhost'), expected);
});

/** The address of a server that is no more. */
async function closedServer(): Promise<{ readonly origin: string }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { origin: `http://127.0.0.1:${port}` };
}
