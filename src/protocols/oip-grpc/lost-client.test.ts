import assert from 'node:assert/strict';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { type Socket, connect as connectSocket } from 'node:net';
import { test } from 'node:test';
import { WireWriter } from '../../formats/protobuf/writer.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { connectGrpc, grpcFrame } from '../../testing/grpc-client.ts';
import { startOipGrpcServer } from '../../testing/grpc-server.ts';
import type { GrpcServer } from './server.ts';

const service = '/inference.GRPCInferenceService';
const livePath = `${service}/ServerLive`;
const watchPath = '/grpc.health.v1.Health/Watch';
const empty = new Uint8Array(0);

function inferMessage(): Buffer {
  const writer = new WireWriter();
  writer.text(1, 'echo');
  return Buffer.concat(writer.finish());
}

/** A connection whose socket a test can cut. */
interface Connection {
  readonly socket: Socket;
  readonly session: ClientHttp2Session;
  open(path: string): ClientHttp2Stream;
  /** Resolves when the server has read everything that was sent before. */
  settle(): Promise<void>;
}

function connectTo({ port, target }: GrpcServer): Connection {
  const socket = connectSocket(port, '127.0.0.1');
  socket.on('error', () => {});
  const session = connect(`http://${target}`, { createConnection: () => socket });
  session.on('error', () => {});
  const open = (path: string): ClientHttp2Stream => {
    const headers = { 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
    stream.on('error', () => {});
    return stream;
  };
  return {
    socket,
    session,
    open,
    settle() {
      const stream = open(livePath);
      stream.end(grpcFrame(empty));
      stream.resume();
      return new Promise((resolve) => stream.on('close', resolve));
    },
  };
}

const whole = grpcFrame(inferMessage());

const sent: readonly (readonly [string, string, Buffer])[] = [
  ['no message', `${service}/ModelInfer`, Buffer.alloc(0)],
  ['half a prefix', `${service}/ModelInfer`, whole.subarray(0, 3)],
  ['half a message', `${service}/ModelInfer`, whole.subarray(0, 7)],
  ['a whole message', `${service}/ModelInfer`, whole],
  ['no message of a stream', `${service}/ModelStreamInfer`, Buffer.alloc(0)],
  ['half a message of a stream', `${service}/ModelStreamInfer`, whole.subarray(0, 7)],
  ['a message of a stream', `${service}/ModelStreamInfer`, whole],
  [
    'a message and a half',
    `${service}/ModelStreamInfer`,
    Buffer.concat([whole, whole.subarray(0, 7)]),
  ],
  ['no message to Watch', watchPath, Buffer.alloc(0)],
  ['a watch', watchPath, grpcFrame(empty)],
  ['half a message to health', livePath, Buffer.of(0, 0, 0, 0, 9, 1)],
  ['half a message to an unknown method', '/nope', whole.subarray(0, 7)],
];

const losses: Readonly<Record<string, (it: Connection, stream: ClientHttp2Stream) => void>> = {
  'its session destroyed': ({ session }) => session.destroy(),
  'its socket closed': ({ socket }) => void socket.destroy(),
  'its socket reset': ({ socket }) => void socket.resetAndDestroy(),
  'its stream reset': (_, stream) => stream.close(constants.NGHTTP2_CANCEL),
};

for (const [how, lose] of Object.entries(losses)) {
  test(`a client that is lost with ${how} harms nobody, whatever it had sent`, async () => {
    // Answers come when the client is lost.
    const plain = createFakeServer();
    const fake = createFakeServer({
      infer: async (request) => {
        await new Promise((resolve) => request.signal?.addEventListener('abort', resolve));
        return plain.infer(request);
      },
    });
    await using server = await startOipGrpcServer(fake);
    for (const [, path, bytes] of sent) {
      const connection = connectTo(server);
      const streams = [connection.open(path), connection.open(path)];
      for (const stream of streams) if (bytes.length > 0) stream.write(bytes);
      await connection.settle();
      for (const stream of streams) lose(connection, stream);
      if (!connection.session.destroyed) connection.session.close();
    }
    await using client = connectGrpc(server.target);
    assert.equal((await client.call(livePath, empty)).status, 0);
    await client[Symbol.asyncDispose]();
    // Every lost connection is gone when this returns.
    await server.drain(60_000);
  });
}

test('a client that is lost as its call arrives harms nobody', async () => {
  await using server = await startOipGrpcServer(createFakeServer());
  for (const path of [livePath, '/nope', watchPath]) {
    for (const headers of [{}, { 'content-type': 'application/grpc' }]) {
      const { session, socket } = connectTo(server);
      await new Promise((resolve) => session.once('remoteSettings', resolve));
      for (let count = 0; count < 20; count += 1) {
        const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
        stream.on('error', () => {});
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
    }
  }
  await using client = connectGrpc(server.target);
  assert.equal((await client.call(livePath, empty)).status, 0);
});
