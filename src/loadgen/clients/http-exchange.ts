import type { CheckedRequest } from '../inputs/prepared-request.ts';
import type { RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';
import { type AnswerRoom, KeptAnswer } from './answer-room.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import type { Exchange } from './http-connections.ts';
import type { AnswerHead } from './http1-reader.ts';
import { type RefusalReader, createRefusalReader } from './refusal-reader.ts';
import { readServerTiming } from './server-timing.ts';

export interface HttpRequest {
  readonly bytes: readonly Uint8Array[];
  readonly check: CheckedRequest['check'];
}

export interface HttpExchangeSettings {
  readonly progress: RequestProgress;
  readonly room: AnswerRoom;
  /** Called once, whatever the ending. */
  readonly onEnd: () => void;
  /** Called when what still comes of the answer is of no use. */
  readonly onUseless: (exchange: HttpExchange) => void;
}

/** A request under way, and what of its answer has come. */
export class HttpExchange implements Exchange {
  readonly bytes: readonly Uint8Array[];
  readonly #check: CheckedRequest['check'];
  readonly #settings: HttpExchangeSettings;
  readonly #body: KeptAnswer;
  #isOver = false;
  #head: AnswerHead | undefined;
  #refusal: RefusalReader | undefined;

  constructor({ bytes, check }: HttpRequest, settings: HttpExchangeSettings) {
    this.bytes = bytes;
    this.#check = check;
    this.#settings = settings;
    this.#body = new KeptAnswer(settings.room);
  }

  /** Ends it now, in this way, if it has not ended. */
  giveUp(outcome: Outcome, detail: RequestDetail): void {
    if (this.#isOver) return;
    this.#settings.onUseless(this);
    this.#end(outcome, detail);
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
    if (head.status < 200 || head.status > 299) this.#refusal = createRefusalReader(head.status);
    this.#settings.progress.firstByte();
  }

  onBody(piece: Buffer): void {
    if (this.#refusal !== undefined) this.#refusal.push(piece);
    else if (this.#check !== undefined) {
      const ending = this.#body.push(piece);
      if (ending !== undefined) this.giveUp(ending.outcome, ending.detail);
    }
  }

  onEnd(): void {
    const { headers = {} } = this.#head ?? {};
    const times = readServerTiming(headers['server-timing']);
    if (this.#refusal !== undefined) {
      const { outcome, detail } = this.#refusal.finish();
      this.#end(outcome, { ...times, ...detail });
      return;
    }
    const wrong = this.#check?.({ headers, body: this.#body.join() });
    if (wrong === undefined) this.#end('ok', times);
    else this.#end('wrong', { ...times, reason: wrong });
  }

  onFailure({ outcome, reason }: ConnectionFailure): void {
    this.#end(outcome, { reason });
  }

  #end(outcome: Outcome, detail: RequestDetail): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#body.drop();
    this.#settings.onEnd();
    this.#settings.progress.end(outcome, detail);
  }
}
