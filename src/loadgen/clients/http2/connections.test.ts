import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  constants,
  createSecureServer,
  createServer,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { serverCertificate, testAuthority } from '../../../testing/certificates.ts';
import type { ConnectionFailure } from '../connection-failure.ts';
import { makeCallBytes } from './call-bytes.ts';
import { type Http2Connections, createHttp2Connections } from './connections.ts';

/** What an exchange heard. */
interface Heard {
  readonly head: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
  readonly failure: ConnectionFailure | undefined;
}

const hostname = '127.0.0.1';

const unwanted = (): never => assert.fail('nothing of this kind was to come');

function call(body: Uint8Array, headers: Readonly<Record<string, string>> = {}) {
  const pseudo = { ':method': 'POST', ':scheme': 'http', ':authority': 'x', ':path': '/' };
  return makeCallBytes(Object.entries({ ...pseudo, ...headers }), body);
}

function ask(connections: Http2Connections, bytes = call(Buffer.from('question'))): Promise<Heard> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let head = {};
    let trailers = {};
    const end = (failure?: ConnectionFailure): void =>
      resolve({ head, body: Buffer.concat(pieces), trailers, failure });
    const cancel = connections.open(bytes, {
      onHead: (fields) => (head = fields),
      onBody: (piece, from, to) => pieces.push(Buffer.from(piece.subarray(from, to))),
      onTrailers: (fields) => (trailers = fields),
      onEnd: () => end(),
      onFailure: end,
    });
    if (cancel === undefined) end({ outcome: 'dropped', reason: 'no room' });
  });
}

async function listen(server: Http2Server, answer: (stream: ServerHttp2Stream) => void) {
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  server.listen(0, hostname);
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends the body back. */
function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 });
  stream.pipe(stream);
}

function random(byteLength: number): Buffer {
  return Buffer.from(
    Uint8Array.from({ length: byteLength }, (_, at) => (at * 31 + (at >> 8)) & 255),
  );
}

for (const [name, settings] of [
  ['usual windows', {}],
  ['small windows', { initialWindowSize: 1000 }],
  ['large frames', { maxFrameSize: 1_000_000, initialWindowSize: 5_000_000 }],
] as const) {
  test(`large bodies pass both ways through ${name}, several at a time`, async () => {
    const server = createServer({ settings, paddingStrategy: constants.PADDING_STRATEGY_MAX });
    await using listening = await listen(server, echo);
    using connections = createHttp2Connections({
      hostname,
      port: listening.port,
      maxConnections: 1,
    });
    const bodies = [3_000_000, 20_000, 700_000, 5].map(random);
    const heard = await Promise.all(bodies.map((body) => ask(connections, call(body))));
    for (const [place, { body, failure }] of heard.entries()) {
      assert.equal(failure, undefined);
      assert.ok(body.equals(bodies[place]!), `body ${place}`);
    }
    assert.equal(listening.sessions.length, 1);
  });
}

test('an answer that is larger than both windows comes whole', async () => {
  const large = random(20_000_000);
  await using listening = await listen(createServer(), (stream) => {
    stream.resume();
    stream.respond({ ':status': 200 });
    stream.end(large);
  });
  using connections = createHttp2Connections({ hostname, port: listening.port, maxConnections: 1 });
  assert.ok((await ask(connections)).body.equals(large));
});

test('headers of any bytes and of any length come as the server sent them', async () => {
  let answerHeaders: Record<string, string> = {};
  await using listening = await listen(createServer(), (stream) => {
    stream.resume();
    stream.additionalHeaders({ ':status': 103 });
    stream.respond({ ':status': 200, ...answerHeaders }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(answerHeaders));
    stream.end();
  });
  using connections = createHttp2Connections({ hostname, port: listening.port, maxConnections: 1 });
  const unit = fc.integer({ min: 33, max: 255 }).filter((it) => it !== 127);
  const value = fc
    .array(unit, { minLength: 1, maxLength: 300 })
    .map((bytes) => String.fromCharCode(...bytes));
  const headers = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,9}$/), value, { maxKeys: 5 });
  const property = fc.asyncProperty(headers, async (expected) => {
    answerHeaders = { ...expected, 'x-length': 'y'.repeat(20_000) };
    const { head, trailers } = await ask(connections);
    const { date: _, ':status': status, ...others } = head;
    assert.equal(status, '200');
    assert.deepEqual(others, answerHeaders);
    assert.deepEqual({ ...trailers }, answerHeaders);
  });
  await fc.assert(property, { numRuns: 50 });
});

test('long headers of requests are sent in several frames', async () => {
  const long = 'z'.repeat(40_000);
  await using listening = await listen(createServer(), (stream) => {
    stream.resume();
    stream.respond({ ':status': 200 }, { endStream: true });
  });
  const settled = Promise.withResolvers<unknown>();
  using connections = createHttp2Connections({ hostname, port: listening.port, maxConnections: 1 });
  listening.server.on('stream', (_, headers) => settled.resolve(headers['x-long']));
  const { failure } = await ask(connections, call(Buffer.from('x'), { 'x-long': long }));
  assert.equal(failure, undefined);
  assert.equal(await settled.promise, long);
});

test('a server that goes away keeps what it has begun, and new calls find another connection', async () => {
  const held: ServerHttp2Stream[] = [];
  await using listening = await listen(createServer(), (stream) => {
    stream.resume();
    if (listening.sessions.length > 1) stream.respond({ ':status': 200 }, { endStream: true });
    else {
      held.push(stream);
      stream.session?.goaway(0, stream.id);
    }
  });
  using connections = createHttp2Connections({ hostname, port: listening.port, maxConnections: 2 });
  const first = ask(connections);
  const second = ask(connections);
  assert.deepEqual((await second).failure, {
    outcome: 'rejected',
    reason: 'the server refused the call unseen',
  });
  assert.equal((await ask(connections)).failure, undefined);
  assert.equal(listening.sessions.length, 2);
  held[0]?.respond({ ':status': 200 }, { endStream: true });
  assert.equal((await first).head[':status'], '200');
});

test('a call that is taken back is reset, and makes room for another', async () => {
  const codes: number[] = [];
  await using listening = await listen(
    createServer({ settings: { maxConcurrentStreams: 1 } }),
    (stream) => {
      stream.on('close', () => codes.push(stream.rstCode));
      stream.resume();
      stream.respond({ ':status': 200 }, { endStream: codes.length !== 1 });
    },
  );
  using connections = createHttp2Connections({ hostname, port: listening.port, maxConnections: 1 });
  await ask(connections);
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = connections.open(call(Buffer.from('x')), {
    onHead: () => resolve(),
    onBody: unwanted,
    onTrailers: unwanted,
    onEnd: unwanted,
    onFailure: unwanted,
  });
  await promise;
  assert.equal((await ask(connections)).failure?.outcome, 'dropped');
  cancel?.();
  while (codes.length < 2) await new Promise(setImmediate);
  assert.equal((await ask(connections)).failure, undefined);
  assert.deepEqual(codes.slice(0, 2), [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]);
});

test('a server that takes no calls is sent none, until it takes some', async () => {
  await using listening = await listen(
    createServer({ settings: { maxConcurrentStreams: 0 } }),
    (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
  );
  using connections = createHttp2Connections({ hostname, port: listening.port, maxConnections: 9 });
  // This one went out before the server had said so.
  assert.equal((await ask(connections)).failure?.outcome, 'rejected');
  assert.equal((await ask(connections)).failure?.outcome, 'dropped');
  assert.equal(listening.sessions.length, 1);
  listening.sessions[0]?.settings({ maxConcurrentStreams: 1 });
  let heard = await ask(connections);
  while (heard.failure?.outcome === 'dropped') {
    await new Promise(setImmediate);
    heard = await ask(connections);
  }
  assert.equal(heard.failure, undefined);
});

test('over TLS, HTTP/2 is asked for', async () => {
  const { certificate: cert, key } = serverCertificate;
  await using listening = await listen(createSecureServer({ cert, key }), echo);
  const address = { hostname, port: listening.port, tls: { ca: testAuthority } };
  using connections = createHttp2Connections({ ...address, maxConnections: 1 });
  const body = random(300_000);
  assert.ok((await ask(connections, call(body))).body.equals(body));
  using trusting = createHttp2Connections({ ...address, tls: {}, maxConnections: 1 });
  assert.equal((await ask(trusting)).failure?.outcome, 'disconnected');
});
