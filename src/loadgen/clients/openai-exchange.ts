import type { RequestProgress } from '../load-client.ts';
import { type AnswerEnding, badEnding } from './answer-ending.ts';
import { type AnswerRoom, KeptAnswer } from './answer-room.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import type { Exchange } from './http-connections.ts';
import type { AnswerHead } from './http1-reader.ts';
import { type OpenAiAnswerReader, createJsonReader, createStreamReader } from './openai-answer.ts';
import { createRefusalReader } from './refusal-reader.ts';

/** What a request asks to be answered with. */
export type ExpectedAnswer =
  | { readonly kind: 'stream' }
  | { readonly kind: 'completion' }
  | { readonly kind: 'embeddings'; readonly count: number };

export interface OpenAiRequest {
  readonly bytes: readonly Uint8Array[];
  readonly expected: ExpectedAnswer;
}

interface ExchangeSettings {
  readonly progress: RequestProgress;
  readonly room: AnswerRoom;
  /** Called once, whatever the ending. */
  readonly onEnd: () => void;
  /** Called when what still comes of the answer is of no use. */
  readonly onUseless: (exchange: OpenAiExchange) => void;
}

/** One request and its answer: tells `progress` of all that happens. */
export class OpenAiExchange implements Exchange {
  readonly bytes: readonly Uint8Array[];
  readonly #expected: ExpectedAnswer;
  readonly #settings: ExchangeSettings;
  readonly #body: KeptAnswer;
  #reader: OpenAiAnswerReader | undefined;
  #isOver = false;

  constructor({ bytes, expected }: OpenAiRequest, settings: ExchangeSettings) {
    this.bytes = bytes;
    this.#expected = expected;
    this.#settings = settings;
    this.#body = new KeptAnswer(settings.room);
  }

  /** Ends it now, in this way, if it has not ended. */
  giveUp(ending: AnswerEnding): void {
    if (this.#isOver) return;
    this.#end(ending);
    this.#settings.onUseless(this);
  }

  onHead(head: AnswerHead): void {
    if (this.#isOver) return;
    const { progress } = this.#settings;
    progress.firstByte();
    this.#reader = readerOf(head, { expected: this.#expected, progress, body: this.#body });
  }

  onBody(piece: Buffer): void {
    if (this.#isOver) return;
    const ending = this.#reader?.push(piece);
    if (ending?.outcome === 'ok') this.#end(ending);
    else if (ending !== undefined) this.giveUp(ending);
  }

  onEnd(): void {
    if (this.#reader !== undefined) this.#end(this.#reader.finish());
  }

  onFailure({ outcome, reason }: ConnectionFailure): void {
    const isCut = this.#reader !== undefined && outcome === 'disconnected';
    this.#end(
      badEnding(outcome, isCut ? 'the connection broke in the middle of the answer' : reason),
    );
  }

  #end({ outcome, detail }: AnswerEnding): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body.drop();
    this.#settings.onEnd();
    this.#settings.progress.end(outcome, detail);
  }
}

interface ReaderSettings {
  readonly expected: ExpectedAnswer;
  readonly progress: RequestProgress;
  /** Where an answer is kept that is read when it is whole. */
  readonly body: KeptAnswer;
}

function readerOf(
  { status, headers }: AnswerHead,
  { expected, progress, body }: ReaderSettings,
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
      return createJsonReader(body, undefined);
    case 'embeddings':
      return createJsonReader(body, expected.count);
  }
}

function createRejectingReader(reason: string): OpenAiAnswerReader {
  const ending = badEnding('failed', reason);
  return { push: () => ending, finish: () => ending };
}
