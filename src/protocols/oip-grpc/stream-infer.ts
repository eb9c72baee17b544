import type { Parameters } from '../../core/batch.ts';
import { HeadwayError, toHeadwayError } from '../../core/error.ts';
import { readInferRequestId } from './codec/infer-request-read.ts';
import { encodeStreamError, encodeStreamResponse } from './codec/infer-response-write.ts';
import { inferenceService } from './codec/messages.ts';
import { type InferOptions, answerRequest } from './infer.ts';
import type { GrpcMethod, MessagePieces, StreamHandler, StreamSender } from './method.ts';

/** Requests of one stream that are answered at one time; more wait to be read. */
const maxRequestsInFlight = 128;

/** Every answer is the last one to its request. */
const finalParameters: Parameters = Object.freeze({ triton_final_response: true });

/**
 * ModelStreamInfer. Requests run beside each other; answers keep the order of the requests. A
 * failed request is told of in the stream, which goes on, unless the call's metadata has
 * `triton_grpc_error: true`: then the first failure ends it with its status.
 */
export function createStreamInferMethod(options: InferOptions): GrpcMethod {
  return {
    path: `/${inferenceService}/ModelStreamInfer`,
    plane: 'inference',
    kind: 'stream',
    open: (sender) => openStream(sender, options),
  };
}

function openStream(sender: StreamSender, options: InferOptions): StreamHandler {
  const endsOnError = sender.context.headers['triton_grpc_error'] === 'true';
  const answers = createOrderedAnswers(sender);
  let isPaused = false;

  /** Reads on only while few requests are in flight and the client takes its answers. */
  const throttle = (): void => {
    const isFull = answers.count >= maxRequestsInFlight || sender.isFull();
    if (isFull === isPaused) return;
    isPaused = isFull;
    if (isFull) sender.pause();
    else sender.resume();
  };
  const answer = async (message: Buffer): Promise<Outcome> => {
    try {
      const pieces = await answerRequest(message, sender.context, {
        ...options,
        encode: (answered, { request: { outputRegions } }) =>
          encodeStreamResponse(answered, { outputRegions, parameters: finalParameters }),
      });
      return { kind: 'message', pieces };
    } catch (thrown) {
      if (endsOnError) return { kind: 'failure', thrown };
      const error = toHeadwayError(thrown);
      return {
        kind: 'message',
        pieces: encodeStreamError(error.message, readInferRequestId(message), finalParameters),
      };
    }
  };
  return {
    onMessage(message, done) {
      answers.add(answer(message), { onSent: throttle, onTaken: done });
      throttle();
    },
    onEnd: () => answers.endWith(() => sender.end()),
    onDrained: throttle,
    onStopping: () =>
      answers.endWith(() =>
        sender.fail(new HeadwayError('unavailable', 'Server is stopping, the stream ends here')),
      ),
    onClosed: () => {},
  };
}

type Outcome =
  | { readonly kind: 'message'; readonly pieces: MessagePieces }
  | { readonly kind: 'failure'; readonly thrown: unknown };

interface AnswerEvents {
  /** The answer's turn came. */
  readonly onSent: () => void;
  /** It is on its way, or never will be: what it was made of is needed no more. */
  readonly onTaken: () => void;
}

interface OrderedAnswers {
  /** Answers begun and not sent yet. */
  readonly count: number;
  add(outcome: Promise<Outcome>, events: AnswerEvents): void;
  /** Ends the stream after the answers begun. */
  endWith(end: () => void): void;
}

/** Sends outcomes in the order they were added. */
function createOrderedAnswers(sender: StreamSender): OrderedAnswers {
  let last: Promise<void> = Promise.resolve();
  let count = 0;
  const send = (outcome: Outcome, onTaken: () => void): void => {
    if (outcome.kind === 'message') {
      sender.send(outcome.pieces, onTaken);
      return;
    }
    sender.fail(outcome.thrown);
    onTaken();
  };
  return {
    get count() {
      return count;
    },
    add(outcome, { onSent, onTaken }) {
      count += 1;
      const before = last;
      last = (async () => {
        const settled = await outcome;
        await before;
        count -= 1;
        send(settled, onTaken);
        onSent();
      })().catch((thrown: unknown) => {
        sender.fail(thrown);
        onTaken();
      });
    },
    endWith: (end) => void last.then(end),
  };
}
