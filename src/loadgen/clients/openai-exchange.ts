import type { ClientRequest, IncomingMessage } from 'node:http';
import type { RequestProgress } from '../load-client.ts';
import { type AnswerEnding, badEnding, outcomeOfStatus } from './answer-ending.ts';
import { describeFailure } from './connection-failure.ts';
import { type OpenAiAnswerReader, createJsonReader, createStreamReader } from './openai-answer.ts';
import { errorText, parseObject } from './openai-chunk.ts';

/** What a request asks to be answered with. */
export type ExpectedAnswer =
  | { readonly kind: 'stream' }
  | { readonly kind: 'completion' }
  | { readonly kind: 'embeddings'; readonly count: number };

/** One request and its answer. */
export interface OpenAiExchange {
  /** Ends it now, in this way, if it has not ended. */
  giveUp(ending: AnswerEnding): void;
}

export interface ExchangeOptions {
  /** Begins the request on a connection. */
  readonly open: () => ClientRequest;
  readonly body: Uint8Array;
  readonly expected: ExpectedAnswer;
  readonly progress: RequestProgress;
  readonly onEnd: () => void;
}

/** Sends a request and reads its answer, telling `progress` of all that happens. */
export function beginExchange(options: ExchangeOptions): OpenAiExchange {
  const { progress, expected } = options;
  let request: ClientRequest;
  let isOver = false;

  function end(ending: AnswerEnding): void {
    if (isOver) return;
    isOver = true;
    options.onEnd();
    progress.end(ending.outcome, ending.detail);
  }

  function giveUp(ending: AnswerEnding): void {
    end(ending);
    request.destroy();
  }

  function read(response: IncomingMessage): void {
    progress.firstByte();
    const reader = readerOf(response, { expected, progress });
    response.on('data', (piece: Buffer) => {
      if (isOver) return;
      const ending = reader.push(piece);
      if (ending?.outcome === 'ok') end(ending);
      else if (ending !== undefined) giveUp(ending);
    });
    response.on('end', () => end(reader.finish()));
    response.on('error', () => {
      end(badEnding('disconnected', 'the connection broke in the middle of the answer'));
    });
  }

  function attempt(isAgain: boolean): void {
    request = options.open();
    let hasAnswer = false;
    request.on('response', (response) => {
      hasAnswer = true;
      read(response);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the server closed when it was idle: its fault is not the request's.
      const isStale = request.reusedSocket && /^(?:ECONNRESET|EPIPE)$/.test(error.code ?? '');
      if (isStale && !isAgain && !hasAnswer && !isOver) attempt(true);
      else {
        const { outcome, reason } = describeFailure(error);
        end(badEnding(outcome, reason));
      }
    });
    request.end(options.body);
    if (!isAgain) progress.sent();
  }

  attempt(false);
  return { giveUp };
}

function readerOf(
  { statusCode: status = 0, headers }: IncomingMessage,
  { expected, progress }: Pick<ExchangeOptions, 'expected' | 'progress'>,
): OpenAiAnswerReader {
  if (status < 200 || status > 299) return createRefusalReader(status);
  switch (expected.kind) {
    case 'stream':
      return /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
        ? createStreamReader((tokenCount) => progress.chunk(tokenCount))
        : createRejectingReader(
            `answered ${headers['content-type'] ?? 'without a content type'}, not an event stream`,
          );
    case 'completion':
      return createJsonReader(undefined);
    case 'embeddings':
      return createJsonReader(expected.count);
  }
}

function createRejectingReader(reason: string): OpenAiAnswerReader {
  const ending = badEnding('failed', reason);
  return { push: () => ending, finish: () => ending };
}

const maxRefusalBytes = 64 * 1024;

/** Reads why a server did not answer well. */
function createRefusalReader(status: number): OpenAiAnswerReader {
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  const finish = (): AnswerEnding => {
    const root = parseObject(Buffer.concat(pieces).toString()) ?? {};
    const text = errorText(root) ?? '';
    return badEnding(
      outcomeOfStatus(status),
      text === '' ? `HTTP ${status}` : `HTTP ${status}: ${text}`,
    );
  };
  return {
    push(piece) {
      pieces.push(piece);
      byteLength += piece.byteLength;
      return byteLength > maxRefusalBytes ? finish() : undefined;
    },
    finish,
  };
}
