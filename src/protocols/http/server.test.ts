import assert from 'node:assert/strict';
import test from 'node:test';
import { type OipServerOptions, openRaw, startHandler } from '../../testing/http-exchange.ts';
import type { HttpHandler } from './handler.ts';
import type { HttpServer } from './server.ts';

/** Answers every request with the length of its body. */
const countBody: HttpHandler = (request, response) => {
  let length = 0;
  request.on('data', (piece: Buffer) => (length += piece.byteLength));
  request.on('end', () => response.end(`${request.url} ${length}`));
};

interface Held {
  readonly server: HttpServer;
  /** Resolves when the next request has arrived; answers it when called. */
  readonly arrived: () => Promise<() => void>;
}

/** A server whose answers wait to be let go. */
async function startHeld(options?: OipServerOptions): Promise<Held> {
  const queue: (() => void)[] = [];
  let wake = (): void => {};
  const server = await startHandler((_, response) => {
    queue.push(() => response.end('done'));
    wake();
  }, options);
  return {
    server,
    async arrived() {
      while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return queue.shift() as () => void;
    },
  };
}

test('startHttpServer() answers pipelined requests in their order', async () => {
  await using server = await startHandler(countBody);
  using raw = await openRaw(server.port);
  const one = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc';
  const two = 'GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  raw.write(one + one + two);
  const text = await raw.closed();
  assert.deepEqual(text.match(/\/[ab] \d/g), ['/a 3', '/a 3', '/b 0']);
});

test('startHttpServer() answers malformed bytes with 400 and closes', async () => {
  await using server = await startHandler(countBody);
  const cases = [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\nbad header\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n',
  ];
  for (const bytes of cases) {
    using raw = await openRaw(server.port);
    raw.write(bytes);
    const text = await raw.closed();
    assert.match(text, /^HTTP\/1.1 400 Bad Request\r\n[^]*\r\nConnection: close\r\n/, bytes);
    assert.match(text, /\r\n\r\n{"error":"[^"]+"}$/, bytes);
  }
});

test('startHttpServer() does not write an error over an answer that is due', async () => {
  const { server, arrived } = await startHeld();
  await using _ = server;
  using raw = await openRaw(server.port);
  raw.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await arrived();
  raw.write('nonsense\r\n\r\n');
  assert.equal(await raw.closed(), '');
  answer();
});

test('startHttpServer() limits the size of headers', async () => {
  await using server = await startHandler(countBody, { connections: { maxHeaderBytes: 1024 } });
  using raw = await openRaw(server.port);
  raw.write(`GET / HTTP/1.1\r\nHost: x\r\nLong: ${'a'.repeat(2000)}\r\n\r\n`);
  assert.match(await raw.closed(), /^HTTP\/1.1 431 /);
});

test('startHttpServer() gives up on requests that do not arrive in time', async () => {
  const connections = { headersTimeoutMs: 20, requestTimeoutMs: 40 };
  await using server = await startHandler(countBody, { connections });
  const starts = [
    'GET / HTTP/1.1\r\nHost:',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc',
  ];
  for (const start of starts) {
    using raw = await openRaw(server.port);
    raw.write(start);
    assert.match(await raw.closed(), /^HTTP\/1.1 408 |^$/);
  }
});

test('startHttpServer() closes connections that stay idle, and keeps those that wait for an answer', async () => {
  const connections = { keepAliveTimeoutMs: 20, writeStallTimeoutMs: 20 };
  const { server, arrived } = await startHeld({ connections });
  await using _ = server;
  using idle = await openRaw(server.port);
  using waiting = await openRaw(server.port);
  waiting.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await arrived();
  assert.equal(await idle.closed(), '');
  answer();
  assert.match(await waiting.closed(), /^HTTP\/1.1 200 OK[^]*done$/);
});

test('startHttpServer() closes a connection whose client takes nothing of its answer', async () => {
  const closed = Promise.withResolvers<boolean>();
  const server = await startHandler(
    (_, response) => {
      response.on('close', () => closed.resolve(response.writableFinished));
      response.end(Buffer.alloc(64 * 1024 * 1024));
    },
    { connections: { writeStallTimeoutMs: 30 } },
  );
  await using _ = server;
  using raw = await openRaw(server.port);
  raw.socket.pause();
  raw.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal(await closed.promise, false);
});

test('startHttpServer() closes connections beyond the limit', async () => {
  await using server = await startHandler(countBody, { connections: { maxConnections: 1 } });
  using first = await openRaw(server.port);
  first.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n');
  await first.received('/1 0');
  using second = await openRaw(server.port);
  assert.equal(await second.closed(), '');
  first.write('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
  await first.received('/2 0');
});

test('startHttpServer() asks for a body that a client waits to send, unless it is too large', async () => {
  await using server = await startHandler(
    (request, response) => {
      if (Number(request.headers['content-length']) > 10) response.writeHead(400).end('no');
      else countBody(request, response);
    },
    { limits: { maxBodyBytes: 10 } },
  );
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n';
  using small = await openRaw(server.port);
  small.write(`${head}Content-Length: 3\r\n\r\n`);
  await small.received('HTTP/1.1 100 Continue');
  small.write('abc');
  assert.match(await small.closed(), /HTTP\/1.1 200 OK[^]*\/ 3/);
  using large = await openRaw(server.port);
  large.write(`${head}Content-Length: 11\r\n\r\n`);
  assert.match(await large.closed(), /^HTTP\/1.1 400 [^]*no/);
});

test('drain() answers what is in flight, refuses connections and closes the rest', async () => {
  const { server, arrived } = await startHeld();
  using silent = await openRaw(server.port);
  using idle = await openRaw(server.port);
  idle.write('GET /idle HTTP/1.1\r\nHost: x\r\n\r\n');
  (await arrived())();
  await idle.received('done');
  using busy = await openRaw(server.port);
  busy.write('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await arrived();

  const drained = server.drain(60_000);
  assert.equal(await silent.closed(), '');
  assert.match(await idle.closed(), /done$/);
  await assert.rejects(openRaw(server.port), { code: 'ECONNREFUSED' });
  answer();
  assert.match(await busy.closed(), /^HTTP\/1.1 200 OK\r\n[^]*Connection: close\r\n[^]*done$/);
  await drained;
});

test('drain() closes what is left when its time is up', async () => {
  const { server, arrived } = await startHeld();
  using busy = await openRaw(server.port);
  busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await arrived();
  await server.drain(10);
  assert.equal(await busy.closed(), '');
});

test('startHttpServer() says why it cannot listen', async () => {
  await using server = await startHandler(countBody);
  const { startHttpServer, defaultConnectionLimits: limits } = await import('./server.ts');
  const { createSystemClock } = await import('../../core/clock.ts');
  const { silentLogger: logger } = await import('../../core/logger.ts');
  const { host, port } = server;
  const options = { host, port, limits, logger, maxBodyBytes: 1, clock: createSystemClock() };
  await assert.rejects(startHttpServer({ ...options, handler: countBody }), {
    code: 'failed_precondition',
    message: `Cannot listen on 127.0.0.1 port ${port}: it is in use. Choose another host or port.`,
  });
});

test('startHttpServer() tells where it listens', async () => {
  await using server = await startHandler(countBody);
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
});
