import type { ErrorCode } from '../../core/error.ts';
import { codeOfGrpcStatus } from '../../protocols/oip-grpc/codec/status.ts';
import type { CheckedRequest } from '../inputs/prepared-request.ts';
import type { RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';
import { type AnswerRoom, KeptAnswer } from './answer-room.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import type { HeaderFields } from './hpack/decoder.ts';
import type { CancelCall } from './http2/connections.ts';
import type { Exchange } from './http2/stream.ts';
import { readServerTiming } from './server-timing.ts';

export interface GrpcExchangeOptions {
  readonly check: CheckedRequest['check'];
  readonly progress: RequestProgress;
  readonly room: AnswerRoom;
  /** It hears no more. */
  readonly onOver: () => void;
}

/** Before each message: a flag for compression, and the length. */
const prefixBytes = 5;

/** Statuses of gRPC that tell more than that a call failed. */
const outcomeByCode: Partial<Readonly<Record<ErrorCode, Outcome>>> = {
  resource_exhausted: 'rejected',
  unavailable: 'rejected',
  deadline_exceeded: 'timeout',
};

const noStatus: ConnectionFailure = {
  outcome: 'failed',
  reason: 'an answer without a gRPC status: does the address name the gRPC port?',
};

const noFields: HeaderFields = {};

/** A unary call under way, and what of its answer has come. */
export class GrpcExchange implements Exchange {
  cancel: CancelCall | undefined;
  readonly #options: GrpcExchangeOptions;
  readonly #body: KeptAnswer;
  #receivedBytes = 0;
  #head = noFields;
  #trailers = noFields;

  constructor(options: GrpcExchangeOptions) {
    this.#options = options;
    this.#body = new KeptAnswer(options.room);
  }

  onHead(fields: HeaderFields): void {
    this.#head = fields;
    this.#options.progress.firstByte();
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#receivedBytes += end - start;
    if (this.#options.check === undefined) return;
    const ending = this.#body.push(Buffer.from(bytes.subarray(start, end)));
    if (ending !== undefined) this.giveUp(ending.outcome, ending.detail);
  }

  onTrailers(fields: HeaderFields): void {
    this.#trailers = fields;
  }

  onEnd(): void {
    // An answer without messages has its status in its head.
    const status = this.#trailers['grpc-status'] ?? this.#head['grpc-status'];
    if (status === undefined) return this.onFailure(noStatus);
    const timing = this.#head['server-timing'] ?? this.#trailers['server-timing'];
    const times = readServerTiming(timing);
    if (status !== '0') {
      const code = codeOfGrpcStatus(Number(status));
      const reason = `gRPC status ${code}`;
      this.#end(outcomeByCode[code] ?? 'failed', { ...times, reason });
    } else if (this.#receivedBytes < prefixBytes) {
      this.#end('failed', { ...times, reason: 'gRPC status ok without a message' });
    } else {
      const reason = this.#check();
      if (reason === undefined) this.#end('ok', times);
      else this.#end('wrong', { ...times, reason });
    }
  }

  onFailure({ outcome, reason }: ConnectionFailure): void {
    const httpStatus = this.#head[':status'] ?? '200';
    if (httpStatus === '200') this.#end(outcome, { reason });
    else this.#end('failed', { reason: `HTTP status ${httpStatus} and not gRPC` });
  }

  /** Ends it, whatever comes later. */
  giveUp(outcome: Outcome, detail: RequestDetail): void {
    this.cancel?.();
    this.#end(outcome, detail);
  }

  #check(): string | undefined {
    const { check } = this.#options;
    if (check === undefined) return undefined;
    return check({ headers: this.#head, body: this.#body.join().subarray(prefixBytes) });
  }

  #end(outcome: Outcome, detail: RequestDetail): void {
    this.#body.drop();
    this.#options.onOver();
    this.#options.progress.end(outcome, detail);
  }
}
