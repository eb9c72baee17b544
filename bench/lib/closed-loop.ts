import { type Socket, connect } from 'node:net';

/** One request, ready to be written, sent again and again. */
export interface ClosedLoopOptions {
  readonly port: number;
  readonly request: Uint8Array;
  readonly concurrency: number;
  /** Stop when this much time has passed. */
  readonly durationMs: number;
  /** Time at the start that does not count. */
  readonly warmupMs: number;
}

export interface ClosedLoopResult {
  readonly latenciesMs: readonly number[];
  readonly requestsPerSecond: number;
}

/**
 * Sends one request over `concurrency` kept-alive sockets, each waiting for its answer before it
 * sends again. It does as little as a client can, so that the server is what is measured: answers
 * are counted by their Content-Length, and a status other than 200 fails the run.
 */
export async function runClosedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const countFromMs = startMs + options.warmupMs;
  const endMs = countFromMs + options.durationMs;
  const onAnswer = (sentMs: number, nowMs: number): boolean => {
    if (sentMs >= countFromMs) latenciesMs.push(nowMs - sentMs);
    return nowMs < endMs;
  };
  await Promise.all(
    Array.from({ length: options.concurrency }, () => runConnection(options, onAnswer)),
  );
  return { latenciesMs, requestsPerSecond: (latenciesMs.length / options.durationMs) * 1000 };
}

function runConnection(
  { port, request }: ClosedLoopOptions,
  onAnswer: (sentMs: number, nowMs: number) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentMs = 0;
    const send = (): void => {
      sentMs = performance.now();
      socket.write(request);
    };
    readAnswers(socket, {
      onAnswer: () => {
        if (onAnswer(sentMs, performance.now())) send();
        else socket.end();
      },
      onFailure: (text) => {
        socket.destroy();
        reject(new Error(text));
      },
    });
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

interface AnswerEvents {
  readonly onAnswer: () => void;
  readonly onFailure: (text: string) => void;
}

/** Finds the end of each answer on a socket. */
function readAnswers(socket: Socket, events: AnswerEvents): void {
  let head: Buffer = Buffer.alloc(0);
  let missingBytes = -1;
  socket.on('data', (chunk: Buffer) => {
    if (missingBytes === -1) {
      head = head.byteLength === 0 ? chunk : Buffer.concat([head, chunk]);
      const headEnd = head.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const text = head.toString('latin1', 0, headEnd);
      const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
      if (!text.startsWith('HTTP/1.1 200') || length === undefined) {
        events.onFailure(`Unexpected answer:\n${head.toString('latin1', 0, 500)}`);
        return;
      }
      missingBytes = Number(length) - (head.byteLength - headEnd - 4);
      head = Buffer.alloc(0);
    } else {
      missingBytes -= chunk.byteLength;
    }
    if (missingBytes === 0) {
      missingBytes = -1;
      events.onAnswer();
    }
  });
}
