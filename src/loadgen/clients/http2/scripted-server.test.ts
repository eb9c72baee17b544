import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ConnectionFailure } from '../connection-failure.ts';
import { encodeHeaderBlock } from '../hpack/encode-block.ts';
import { makeCallBytes } from './call-bytes.ts';
import { createHttp2Connections } from './connections.ts';
import { FrameReader } from './frame-reader.ts';
import { connectionPreface, encodeFrame, encodeReset, encodeSettings } from './frames.ts';
import { frameTypes } from './protocol.ts';

const hostname = '127.0.0.1';

const unwanted = (): never => assert.fail('nothing of this kind was to come');

/** A server that says what it is told to as soon as a call comes, and tells what frames it gets. */
async function startServer(says: readonly Uint8Array[]) {
  const frames: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let skippedBytes = 0;
    const reader = new FrameReader({
      onFrame({ type, streamId, bytes, start, end }) {
        frames.push(`${type} ${streamId} ${bytes.toString('hex', start, end)}`);
        if (type === frameTypes.headers) socket.write(Buffer.concat(says));
      },
      onTooLong: unwanted,
    });
    socket.on('data', (piece: Buffer) => {
      const skip = Math.min(piece.byteLength, connectionPreface.byteLength - skippedBytes);
      skippedBytes += skip;
      const rest = piece.subarray(skip);
      reader.push(rest, rest.byteLength);
    });
  });
  server.listen(0, hostname);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    frames,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What one call hears from such a server, and the frames that the server gets until it is over. */
async function hear(says: readonly Uint8Array[], body: Uint8Array = Buffer.from('question')) {
  await using server = await startServer(says);
  using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
  const seen: string[] = [];
  const failure = await new Promise<ConnectionFailure | undefined>((resolve) => {
    const fields = [':method', ':path'].map((name) => [name, 'x'] as const);
    connections.open(makeCallBytes(fields, body), {
      onHead: (head) => seen.push(JSON.stringify(head)),
      onBody: (bytes, start, end) => seen.push(bytes.toString('latin1', start, end)),
      onTrailers: (trailers) => seen.push(JSON.stringify(trailers)),
      onEnd: () => resolve(undefined),
      onFailure: resolve,
    });
  });
  return { seen, failure, frames: server.frames };
}

const settings = encodeSettings([]);
const headBlock = encodeHeaderBlock([[':status', '200']]);
const trailerBlock = encodeHeaderBlock([['grpc-status', '0']]);
const raw = (type: number, flag: number, streamId: number, payload: Uint8Array | string): Buffer =>
  encodeFrame({ type, flags: flag, streamId }, Buffer.from(payload));
const head = raw(1, 4, 1, headBlock);

test('an answer with padding, priorities, continuations and unknown frames is read', async () => {
  const ping = raw(6, 0, 0, '12345678');
  const priority = Buffer.from([0, 0, 0, 0, 9]);
  const { seen, failure, frames } = await hear([
    settings,
    ping,
    raw(0x77, 0xff, 1, 'unknown'),
    raw(
      1,
      8 + 32,
      1,
      Buffer.concat([Buffer.from([2]), priority, headBlock.subarray(0, 1), Buffer.alloc(2)]),
    ),
    raw(9, 0, 1, ''),
    raw(9, 4, 1, headBlock.subarray(1)),
    raw(2, 0, 1, priority),
    raw(0, 8, 1, Buffer.from([3, 97, 98, 0, 0, 0])),
    raw(0, 0, 1, ''),
    raw(0, 0, 1, 'c'),
    ping,
    raw(1, 4 + 1, 1, trailerBlock),
  ]);
  assert.equal(failure, undefined);
  assert.deepEqual(seen, ['{":status":"200"}', 'ab', 'c', '{"grpc-status":"0"}']);
  assert.equal(frames[0], '4 0 000100000000000200000000000400400000000600010000');
});

test('settings and pings are acknowledged', async () => {
  await using server = await startServer([settings, raw(6, 0, 0, '12345678')]);
  using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
  connections.open(makeCallBytes([[':method', 'x']], Buffer.from('x')), {
    onHead: unwanted,
    onBody: unwanted,
    onTrailers: unwanted,
    onEnd: unwanted,
    onFailure() {},
  });
  const expected = ['4 0 ', `6 0 ${Buffer.from('12345678').toString('hex')}`];
  while (!expected.every((it) => server.frames.includes(it))) await new Promise(setImmediate);
});

const refused = { outcome: 'rejected', reason: 'the server refused the call unseen' };
const broke = (what: string): ConnectionFailure => ({
  outcome: 'failed',
  reason: `the server broke HTTP/2: ${what}`,
});
const notHttp2 = { outcome: 'failed', reason: 'the answer is not HTTP/2' };

const failures: readonly [name: string, says: readonly Uint8Array[], failure: unknown][] = [
  ['HTTP/1', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], notHttp2],
  ['another frame before the settings', [head], notHttp2],
  ['a refused stream', [settings, encodeReset(1, 'REFUSED_STREAM')], refused],
  [
    'a reset for another reason',
    [settings, encodeReset(1, 'ENHANCE_YOUR_CALM')],
    { outcome: 'disconnected', reason: 'the server reset the call: ENHANCE_YOUR_CALM' },
  ],
  ['a farewell', [settings, raw(7, 0, 0, Buffer.alloc(8))], refused],
  [
    'a farewell for an error',
    [settings, raw(7, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, 11]))],
    { outcome: 'rejected', reason: 'the server refused the call unseen: ENHANCE_YOUR_CALM' },
  ],
  ['a frame that is too long', [settings, Buffer.alloc(9, 1)], broke('a frame of 65793 bytes')],
  ['data before the head', [settings, raw(0, 0, 1, 'x')], broke('a body before its head')],
  ['an idle stream', [settings, raw(0, 0, 3, 'x')], broke('a frame of stream 3, which is idle')],
  ['a push', [settings, raw(5, 4, 1, Buffer.alloc(5))], broke('a push, which we do not allow')],
  ['a short ping', [settings, raw(6, 0, 0, 'x')], broke('PING of 1 bytes')],
  ['a ping of a stream', [settings, raw(6, 0, 1, '12345678')], broke('PING on stream 1')],
  ['data of no stream', [settings, raw(0, 0, 0, 'x')], broke('DATA on stream 0')],
  ['settings that are cut', [settings, raw(4, 0, 0, 'x')], broke('SETTINGS of 1 bytes')],
  ['all padding', [settings, head, raw(0, 8, 1, '\x05ab')], broke('a frame that is all padding')],
  [
    'a header block that does not end',
    [settings, raw(1, 0, 1, headBlock), raw(6, 0, 0, '12345678')],
    broke('a header block that does not end'),
  ],
  [
    'a header block without bound',
    [settings, raw(1, 0, 1, ''), ...Array.from({ length: 8000 }, () => raw(9, 0, 1, ''))],
    broke('headers of more than 65536 bytes'),
  ],
  [
    'a broken header block',
    [settings, raw(1, 4, 1, Buffer.from([0xff]))],
    broke('a header block ends in the middle of a field'),
  ],
  [
    'trailers in the middle',
    [settings, head, raw(1, 4, 1, trailerBlock)],
    broke('trailers that do not end the answer'),
  ],
  [
    'a window of nothing',
    [settings, raw(8, 0, 1, Buffer.alloc(4))],
    broke('a window update of 0 bytes'),
  ],
  [
    'a window that is too wide',
    [settings, raw(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
    broke('a window of more than 2^31 - 1 bytes'),
  ],
  ['a short farewell', [settings, raw(7, 0, 0, 'x')], broke('GOAWAY of 1 bytes')],
];

for (const [name, says, expected] of failures) {
  test(`a call meets ${name}`, async () => {
    assert.deepEqual((await hear(says)).failure, expected);
  });
}

test('a server that breaks the protocol is told how', async () => {
  await using server = await startServer([settings, raw(6, 0, 0, 'x')]);
  using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
  connections.open(makeCallBytes([[':method', 'x']], Buffer.from('x')), {
    onHead: unwanted,
    onBody: unwanted,
    onTrailers: unwanted,
    onEnd: unwanted,
    onFailure() {},
  });
  const frameSizeError = '7 0 0000000000000006';
  while (!server.frames.includes(frameSizeError)) await new Promise(setImmediate);
});

test('of a request that is answered before it was sent, what is little and may be sent is sent', async () => {
  const widen = (streamId: number): Buffer => raw(8, 0, streamId, Buffer.from([0, 4, 0, 0]));
  const answer = [raw(1, 4 + 1, 1, headBlock), widen(0), raw(6, 0, 0, '12345678')];
  for (const [what, byteLength, says, isReset] of [
    ['much', 200_000, [settings, widen(1), ...answer], true],
    ['little', 65_540, [settings, widen(1), ...answer], false],
    ['little, with a window that is shut', 65_540, [settings, ...answer], true],
  ] as const) {
    await using server = await startServer(says);
    using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
    await new Promise<void>((resolve) => {
      connections.open(makeCallBytes([[':method', 'x']], Buffer.alloc(byteLength)), {
        onHead() {},
        onBody: unwanted,
        onTrailers: unwanted,
        onEnd: resolve,
        onFailure: unwanted,
      });
    });
    while (!server.frames.some((it) => it.startsWith('6 0 '))) await new Promise(setImmediate);
    assert.equal(server.frames.includes('3 1 00000008'), isReset, what);
    assert.equal(server.frames.includes('0 1 0000000000'), !isReset, what);
  }
});

test('what was sent with the headers counts against the window of the stream', async () => {
  const body = Buffer.alloc(10_000);
  const increment = Buffer.alloc(4);
  increment.writeUInt32BE(2 ** 31 - 1 - 65_535 + body.byteLength);
  const answer = raw(1, 4 + 1, 1, headBlock);
  const { failure, seen } = await hear([settings, raw(8, 0, 1, increment), answer], body);
  assert.equal(failure, undefined);
  assert.deepEqual(seen, ['{":status":"200"}']);
});

test('a call that is taken back because of the last piece of its answer hears no more', async () => {
  await using server = await startServer([settings, head, raw(0, 1, 1, 'x')]);
  using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
  const cancel = connections.open(makeCallBytes([[':method', 'x']], Buffer.from('x')), {
    onHead() {},
    onBody: () => cancel?.(),
    onTrailers: unwanted,
    onEnd: unwanted,
    onFailure: unwanted,
  });
  while (!server.frames.includes('3 1 00000008')) await new Promise(setImmediate);
});

test('streams that wait for the window take turns', async () => {
  await using server = await startServer([settings]);
  using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
  for (let count = 0; count < 3; count += 1) {
    connections.open(makeCallBytes([[':method', 'x']], Buffer.alloc(100_000)), {
      onHead: unwanted,
      onBody: unwanted,
      onTrailers: unwanted,
      onEnd: unwanted,
      onFailure() {},
    });
  }
  const order = (): string[] =>
    server.frames.flatMap((it) => (it.startsWith('0 ') ? [it.split(' ')[1] ?? ''] : []));
  while (order().length < 4) await new Promise(setImmediate);
  const increment = raw(8, 0, 0, Buffer.from([0, 0, 0xff, 0xff]));
  server.sockets[0]?.write(increment);
  while (order().length < 8) await new Promise(setImmediate);
  assert.deepEqual(new Set(order()), new Set(['1', '3', '5']));
});

test('streams that wait take turns of one frame each, but for those that are taken back', async () => {
  await using server = await startServer([settings]);
  using connections = createHttp2Connections({ hostname, port: server.port, maxConnections: 1 });
  const cancels = Array.from({ length: 8 }, () =>
    connections.open(makeCallBytes([[':method', 'x']], Buffer.alloc(65_535)), {
      onHead: unwanted,
      onBody: unwanted,
      onTrailers: unwanted,
      onEnd: unwanted,
      onFailure() {},
    }),
  );
  const ids = (): string[] =>
    server.frames.flatMap((it) => (it.startsWith('0 ') ? [it.split(' ')[1] ?? ''] : []));
  // The first stream takes the whole window.
  while (ids().length < 4) await new Promise(setImmediate);
  cancels[3]?.();
  cancels[5]?.();
  for (let count = 4; count < 20; count += 1) {
    server.sockets[0]?.write(raw(8, 0, 0, Buffer.from([0, 0, 0x10, 0])));
    while (ids().length === count) await new Promise(setImmediate);
  }
  const turns = ids();
  assert.deepEqual(new Set(turns), new Set(['1', '3', '5', '9', '13', '15']));
  assert.deepEqual(new Set(turns.slice(-5)), new Set(['3', '5', '9', '13', '15']));
});

/** Makes more calls than the socket of a server takes that reads nothing; why they fail. */
async function callDeafServer(speak: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    speak(socket);
  });
  server.listen(0, hostname);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  using connections = createHttp2Connections({ hostname, port, maxConnections: 1 });
  const call = makeCallBytes([['x', 'y'.repeat(150_000)]], Buffer.alloc(0));
  const reasons: string[] = [];
  const begin = (): boolean => {
    const cancel = connections.open(call, {
      onHead: unwanted,
      onBody: unwanted,
      onTrailers: unwanted,
      onEnd: unwanted,
      onFailure: ({ reason }) => reasons.push(reason),
    });
    return cancel !== undefined;
  };
  while (begin());
  const callCount = 100;
  while (reasons.length < callCount) await new Promise(setImmediate);
  // There is room for another connection once the first one is closed.
  while (!begin()) await new Promise(setImmediate);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  return new Set(reasons.slice(0, callCount));
}

test('a broken connection is closed though the server reads nothing', async () => {
  const http1 = 'HTTP/1.1 400 Bad Request\r\n\r\n';
  const reasons = await callDeafServer((socket) => socket.write(http1));
  assert.deepEqual([...reasons], [notHttp2.reason]);
});

test('a connection that the server ends is closed though the server reads nothing', async () => {
  const reasons = await callDeafServer((socket) => socket.end(settings));
  assert.deepEqual([...reasons], ['the connection was closed without an answer']);
});

test('calls that a farewell left to be answered tell of its error when they are not', async () => {
  const farewell = raw(7, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 2]));
  const reasons = await callDeafServer((socket) => socket.end(Buffer.concat([settings, farewell])));
  assert.deepEqual([...reasons], ['the connection was closed without an answer: INTERNAL_ERROR']);
});

test('a server that does not read what answers its pings is not answered for ever', async () => {
  const pings = Buffer.concat(Array.from({ length: 4000 }, () => raw(6, 0, 0, '12345678')));
  const reasons = await callDeafServer((socket) => {
    const flood = (): void => {
      while (socket.writable && socket.write(pings));
    };
    socket.write(settings);
    socket.on('drain', flood);
    flood();
  });
  const { reason } = broke('it does not read what answers its pings and settings');
  assert.deepEqual([...reasons], [reason]);
});

test('a call ends whatever the server sends', async () => {
  const payload = fc.uint8Array({ maxLength: 40 });
  const frame = fc
    .tuple(fc.nat(10), fc.nat(255), fc.constantFrom(0, 1, 3), payload)
    .map(([type, flag, streamId, bytes]) => raw(type, flag, streamId, bytes));
  const end = [raw(4, 0, 0, 'end')];
  const property = fc.asyncProperty(fc.array(fc.oneof(frame, payload)), async (frames) => {
    const last = [...end, Buffer.alloc(40_000, 0xff)];
    await hear([settings, ...frames, ...last]);
  });
  await fc.assert(property, { numRuns: 100 });
});
