import { HeadwayError } from '../../core/error.ts';
import { createEventReader } from '../../formats/event-stream/event-reader.ts';
import { type AnswerEnding, badEnding } from './answer-ending.ts';
import type { KeptAnswer } from './answer-room.ts';
import {
  asArray,
  asCount,
  asObject,
  errorText,
  parseObject,
  parseOpenAiChunk,
} from './openai-chunk.ts';

/** Reads the body of a good answer while it comes. */
export interface OpenAiAnswerReader {
  /** Takes the next piece. @returns how the request ended, once that is settled. */
  push(piece: Buffer): AnswerEnding | undefined;
  /** The body has ended as HTTP says. */
  finish(): AnswerEnding;
}

/** The longest event of a stream. */
const maxEventBytes = 4 * 1024 ** 2;

/**
 * Reads a streamed chat or text completion. Chunks without text, such as the one that opens an
 * answer, are no tokens. A chunk counts as one token, unless the server says how many there are by
 * then; the server's own count of all, where it is given, goes with the ending.
 * @param onChunk told of each chunk with text, and the tokens in it.
 */
export function createStreamReader(onChunk: (tokenCount: number) => void): OpenAiAnswerReader {
  let ending: AnswerEnding | undefined;
  let isFinished = false;
  let promptTokens: number | undefined;
  let outputTokens: number | undefined;
  let tokensSoFar = 0;

  function readChunk(data: string): void {
    const chunk = parseOpenAiChunk(data);
    if (chunk === undefined) {
      ending = badEnding('failed', 'an event of the stream is no JSON object');
      return;
    }
    if (chunk.error !== undefined) {
      ending = badEnding('failed', `the stream reports an error: ${chunk.error}`);
      return;
    }
    isFinished ||= chunk.isFinish;
    promptTokens = chunk.promptTokens ?? promptTokens;
    outputTokens = chunk.outputTokens ?? outputTokens;
    if (!chunk.hasText) return;
    const told = (chunk.outputTokens ?? 0) - tokensSoFar;
    const tokenCount = told > 0 ? told : 1;
    tokensSoFar += tokenCount;
    onChunk(tokenCount);
  }

  const reader = createEventReader({
    maxBytes: maxEventBytes,
    onEvent({ event, data }) {
      if (ending !== undefined) return;
      if (data.trim() === '[DONE]') ending = goodEnding(promptTokens, outputTokens);
      else if (event === 'error')
        ending = badEnding('failed', `the stream reports an error: ${data}`);
      else readChunk(data);
    },
  });

  return {
    push(piece) {
      try {
        if (ending === undefined) reader.push(piece);
      } catch (error) {
        if (!(error instanceof HeadwayError)) throw error;
        ending = badEnding('failed', error.message);
      }
      return ending;
    },
    finish() {
      if (ending !== undefined) return ending;
      if (!reader.isBetweenEvents()) {
        return badEnding('disconnected', 'the stream ended in the middle of an event');
      }
      return isFinished
        ? badEnding('failed', 'the stream ended without [DONE]')
        : badEnding('disconnected', 'the stream ended before the answer did');
    },
  };
}

/**
 * Reads an answer that is one JSON object.
 * @param body where it is kept meanwhile.
 * @param vectorCount the embeddings there must be; `undefined` for completions, which must have a
 * choice.
 */
export function createJsonReader(
  body: KeptAnswer,
  vectorCount: number | undefined,
): OpenAiAnswerReader {
  return {
    push: (piece) => body.push(piece),
    finish: () => readWhole(body.join().toString(), vectorCount),
  };
}

function readWhole(text: string, vectorCount: number | undefined): AnswerEnding {
  const root = parseObject(text);
  if (root === undefined) return badEnding('failed', 'the answer is no JSON object');
  const error = errorText(root);
  if (error !== undefined) return badEnding('failed', `the answer reports an error: ${error}`);
  const usage = asObject(root['usage']);
  const wrong =
    vectorCount === undefined
      ? asArray(root['choices']).length === 0 && 'the answer has no choice'
      : wrongVectors(root['data'], vectorCount);
  if (wrong !== false) return badEnding('wrong', wrong);
  return goodEnding(asCount(usage['prompt_tokens']), asCount(usage['completion_tokens']));
}

function wrongVectors(data: unknown, wanted: number): string | false {
  const vectors = asArray(data).map((entry) => asObject(entry)['embedding']);
  if (vectors.length !== wanted) {
    return `expected ${wanted} embeddings, got ${vectors.length}`;
  }
  const isVector = (vector: unknown): boolean => {
    // A text is a vector in base64.
    if (typeof vector === 'string') return vector !== '';
    return asArray(vector).length > 0 && asArray(vector).every(Number.isFinite);
  };
  const index = vectors.findIndex((vector) => !isVector(vector));
  return index !== -1 && `embedding ${index} is no list of numbers`;
}

function goodEnding(
  promptTokens: number | undefined,
  outputTokens: number | undefined,
): AnswerEnding {
  return {
    outcome: 'ok',
    detail: {
      ...(promptTokens === undefined ? {} : { promptTokens }),
      ...(outputTokens === undefined ? {} : { outputTokens }),
    },
  };
}
