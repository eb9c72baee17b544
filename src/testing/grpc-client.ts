import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import { createFrameReader, frameMessage } from '../protocols/oip-grpc/codec/frames.ts';
import { decodeGrpcMessage } from '../protocols/oip-grpc/codec/status.ts';

/** How a call ended, and the messages that came before. */
export interface GrpcAnswer {
  /** The number in `grpc-status`; -1 when there was none. */
  readonly status: number;
  readonly message: string;
  readonly messages: readonly Buffer[];
}

/** A call in progress. */
export interface GrpcCall {
  readonly stream: ClientHttp2Stream;
  send(message: Uint8Array): void;
  end(): void;
  /** The messages that have come so far. */
  readonly messages: readonly Buffer[];
  /** Resolves when so many messages have come. */
  received(count: number): Promise<void>;
  readonly answer: Promise<GrpcAnswer>;
}

/** A plain gRPC client for tests, which can send what a good one would not. */
export interface GrpcTestClient extends AsyncDisposable {
  readonly session: ClientHttp2Session;
  open(path: string, headers?: Readonly<Record<string, string>>): GrpcCall;
  call(
    path: string,
    message: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Promise<GrpcAnswer>;
}

/** One message with its prefix. */
export function grpcFrame(
  message: Uint8Array,
  { isCompressed = false }: { readonly isCompressed?: boolean } = {},
): Buffer {
  return Buffer.concat(frameMessage([message], { isCompressed }));
}

/** Connects to `host:port`, without TLS or with it. */
export function connectGrpc(target: string, tls?: ConnectionOptions): GrpcTestClient {
  const scheme = tls === undefined ? 'http' : 'https';
  // Tests leave much unsent and unread, which counts.
  const session = connect(`${scheme}://${target}`, { ...tls, maxSessionMemory: 1000 });
  session.on('error', () => {});
  const open: GrpcTestClient['open'] = (path, headers = {}) =>
    watchCall(
      session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      }),
    );
  return {
    session,
    open,
    call(path, message, headers) {
      const opened = open(path, headers);
      opened.send(message);
      opened.end();
      return opened.answer;
    },
    async [Symbol.asyncDispose]() {
      if (session.destroyed) return;
      const closed = once(session, 'close');
      session.destroy();
      await closed;
    },
  };
}

function watchCall(stream: ClientHttp2Stream): GrpcCall {
  const messages: Buffer[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const { promise: answer, resolve } = Promise.withResolvers<GrpcAnswer>();
  const reader = createFrameReader({
    maxBytes: Infinity,
    onMessage: ({ bytes }) => messages.push(bytes),
  });
  let ended: Record<string, unknown> = {};
  stream.on('response', (headers) => (ended = { ...ended, ...headers }));
  stream.on('trailers', (trailers) => (ended = { ...ended, ...trailers }));
  stream.on('data', (piece: Buffer) => {
    reader.push(piece);
    for (const one of waiting) if (messages.length >= one.count) one.resolve();
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    const status = ended['grpc-status'];
    resolve({
      status: status === undefined ? -1 : Number(status),
      message: decodeGrpcMessage(String(ended['grpc-message'] ?? '')),
      messages,
    });
  });
  return {
    stream,
    messages,
    answer,
    send: (message) => void stream.write(grpcFrame(message)),
    end: () => void stream.end(),
    received(count) {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      if (messages.length >= count) done();
      else waiting.push({ count, resolve: done });
      return promise;
    },
  };
}

/** Takes a call back. */
export function cancelCall({ stream }: GrpcCall): void {
  stream.close(constants.NGHTTP2_CANCEL);
}
