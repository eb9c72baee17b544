import { type Socket, connect } from 'node:net';
import type { ClosedLoopResult } from './closed-loop.ts';
import { flags, frame, frameTypes, readFrames, uint32 } from './http2-frames.ts';

/** One gRPC call, sent again and again over one connection. */
export interface GrpcLoopOptions {
  readonly port: number;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** The protobuf message, without the gRPC prefix. */
  readonly message: Uint8Array;
  /** A call for each message, or one stream for all of them. */
  readonly mode: 'unary' | 'stream';
  /** Calls in flight at one time; 1 in stream mode. */
  readonly concurrency: number;
  readonly durationMs: number;
  /** Time at the start that does not count. */
  readonly warmupMs: number;
}

const largestWindow = 2 ** 31 - 1;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/**
 * Sends calls over one HTTP/2 connection, each slot waiting for its answer before it calls again.
 * It does as little as a client can: frames are made once, and answers are told by their frames
 * alone. An answer without a message fails the run, since gRPC sends none with an error.
 */
export function runGrpcLoop(options: GrpcLoopOptions): Promise<ClosedLoopResult> {
  return new Promise((resolve, reject) => {
    const latenciesMs: number[] = [];
    const countFromMs = performance.now() + options.warmupMs;
    const endMs = countFromMs + options.durationMs;
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    runCalls(socket, options, {
      onAnswer(sentMs) {
        const nowMs = performance.now();
        if (sentMs >= countFromMs) latenciesMs.push(nowMs - sentMs);
        return nowMs < endMs;
      },
      onFailure(text) {
        socket.destroy();
        reject(new Error(text));
      },
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const requestsPerSecond = (latenciesMs.length / options.durationMs) * 1000;
      resolve({ latenciesMs, requestsPerSecond });
    });
  });
}

interface LoopEvents {
  /** Counts an answer; whether to go on. */
  readonly onAnswer: (sentMs: number) => boolean;
  readonly onFailure: (text: string) => void;
}

function runCalls(socket: Socket, options: GrpcLoopOptions, events: LoopEvents): void {
  const isStream = options.mode === 'stream';
  const head = headersBlock(options.path);
  const body = messagePayloads(options.message);
  const sentMs = new Map<number, number>();
  const answered = new Set<number>();
  let nextStream = 1;

  const sendMessage = (id: number): void => {
    sentMs.set(id, performance.now());
    for (const [index, payload] of body.entries()) {
      const isLast = !isStream && index === body.length - 1;
      socket.write(frame(frameTypes.data, { flags: isLast ? flags.endStream : 0, id, payload }));
    }
  };
  const call = (): void => {
    const id = nextStream;
    nextStream += 2;
    socket.cork();
    socket.write(frame(frameTypes.headers, { flags: flags.endHeaders, id, payload: head }));
    sendMessage(id);
    socket.uncork();
  };
  readFrames(socket, {
    message(id) {
      answered.add(id);
      if (!isStream) return;
      if (events.onAnswer(sentMs.get(id) ?? 0)) sendMessage(id);
      else socket.end();
    },
    end(id) {
      if (!answered.delete(id)) {
        events.onFailure(`Call ${id} was answered without a message.`);
        return;
      }
      const goesOn = events.onAnswer(sentMs.get(id) ?? 0);
      sentMs.delete(id);
      if (goesOn) call();
      else if (sentMs.size === 0) socket.end();
    },
    fail: events.onFailure,
  });
  socket.on('connect', () => {
    socket.write(preface);
    socket.write(frame(frameTypes.settings, { flags: 0, id: 0, payload: clientSettings() }));
    const payload = uint32(largestWindow - 65_535);
    socket.write(frame(frameTypes.windowUpdate, { flags: 0, id: 0, payload }));
    for (let slot = 0; slot < options.concurrency; slot += 1) call();
  });
}

/** SETTINGS_INITIAL_WINDOW_SIZE as large as it may be, so that the server never waits. */
function clientSettings(): Buffer {
  return Buffer.concat([Buffer.from([0, 4]), uint32(largestWindow)]);
}

/** HPACK without the dynamic table: every field a literal with a literal name. */
function headersBlock(path: string): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': '127.0.0.1',
    te: 'trailers',
    'content-type': 'application/grpc',
  };
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

/** The message with its gRPC prefix, in payloads of the smallest maximum frame size. */
function messagePayloads(message: Uint8Array): readonly Uint8Array[] {
  const maxFrameBytes = 16_384;
  const bytes = Buffer.concat([Buffer.from([0]), uint32(message.byteLength), message]);
  const payloads: Uint8Array[] = [];
  for (let start = 0; start < bytes.byteLength; start += maxFrameBytes) {
    payloads.push(bytes.subarray(start, start + maxFrameBytes));
  }
  return payloads;
}
