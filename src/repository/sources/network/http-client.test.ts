import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startLoopbackServer } from '../../../testing/loopback-server.ts';
import { createHttpClient } from './http-client.ts';

const { signal } = new AbortController();
const clientFor = (...trustedOrigins: string[]) => createHttpClient({ trustedOrigins, env: {} });

test('get() reads from a trusted origin', async () => {
  await using server = await startLoopbackServer((_, response) => response.end('hello'));
  const { origin } = server;
  const response = await clientFor(origin).get(new URL(`${origin}/x`), { headers: {}, signal });
  assert.equal(response.status, 200);
  assert.equal(await text(response.body), 'hello');
});

test('get() refuses plain http and addresses that are not public', async () => {
  const client = clientFor('http://127.0.0.1:9');
  for (const url of [
    'http://example.com/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://0x7f.1/x',
    'https://2130706433/x',
    'https://169.254.169.254/x',
    'https://localhost/x',
    'http://127.0.0.1:10/x',
  ]) {
    await assert.rejects(
      client.get(new URL(url), { headers: {}, signal }),
      { code: 'permission_denied' },
      url,
    );
  }
});

test('get() checks every redirect as it checks the first URL', async () => {
  for (const location of ['https://127.0.0.1/x', 'http://example.com/x', 'https://localhost/x']) {
    await using server = await startLoopbackServer((_, response) =>
      response.writeHead(302, { location }).end(),
    );
    await assert.rejects(
      clientFor(server.origin).get(new URL(server.origin), { headers: {}, signal }),
      { code: 'permission_denied' },
      location,
    );
  }
});

test('get() follows a relative redirect and says where it ended', async () => {
  await using server = await startLoopbackServer((request, response) => {
    if (request.url === '/b') response.end('b');
    else response.writeHead(307, { location: 'b' }).end();
  });
  const { origin } = server;
  const response = await clientFor(origin).get(new URL(`${origin}/a`), { headers: {}, signal });
  assert.equal(response.url.pathname, '/b');
  assert.equal(await text(response.body), 'b');
});

test('get() gives up on redirects that do not end', async () => {
  await using server = await startLoopbackServer((_, response) =>
    response.writeHead(302, { location: '/again' }).end(),
  );
  const { origin } = server;
  await assert.rejects(clientFor(origin).get(new URL(origin), { headers: {}, signal }), {
    code: 'unavailable',
    message: /redirects too often/,
  });
  assert.equal(server.requests.length, 6);
});

test('get() keeps credentials from where it is redirected', async () => {
  await using other = await startLoopbackServer((_, response) => response.end());
  await using server = await startLoopbackServer((request, response) => {
    const location = request.url === '/a' ? '/b' : `${other.origin}/c`;
    response.writeHead(302, { location }).end();
  });
  const headers = { authorization: 'Bearer secret', range: 'bytes=1-' };
  const client = clientFor(server.origin, other.origin);
  const response = await client.get(new URL(`${server.origin}/a`), { headers, signal });
  response.body.destroy();
  assert.deepEqual(
    server.requests.map((request) => request.headers.authorization),
    ['Bearer secret', 'Bearer secret'],
  );
  assert.equal(other.requests[0]?.headers.authorization, undefined);
  assert.equal(other.requests[0]?.headers.range, 'bytes=1-');
});

test('get() says which host it cannot reach', async () => {
  const origin = 'http://127.0.0.1:1';
  await assert.rejects(clientFor(origin).get(new URL(origin), { headers: {}, signal }), {
    code: 'unavailable',
    message: /Cannot reach http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/,
  });
});

test('get() goes through the proxy of the environment', async () => {
  await using proxy = await startLoopbackServer((request, response) => response.end(request.url));
  const env = { http_proxy: proxy.origin };
  const client = createHttpClient({ trustedOrigins: ['http://models.invalid'], env });
  const response = await client.get(new URL('http://models.invalid/x'), { headers: {}, signal });
  assert.equal(await text(response.body), 'http://models.invalid/x');
});

test('get() stops when it is aborted', async () => {
  await using server = await startLoopbackServer(() => {});
  const abort = new AbortController();
  const { origin } = server;
  const pending = clientFor(origin).get(new URL(origin), { headers: {}, signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(pending, { message: 'enough' });
});
