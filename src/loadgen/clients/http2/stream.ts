import type { RosterEntry } from '../../../core/roster.ts';
import type { ConnectionFailure } from '../connection-failure.ts';
import type { HeaderFields } from '../hpack/decoder.ts';

/** What becomes of one request. After `onEnd` or `onFailure` it hears no more. */
export interface Exchange {
  onHead(fields: HeaderFields): void;
  /** The bytes from `start` to `end` are good only during the call. */
  onBody(bytes: Buffer, start: number, end: number): void;
  onTrailers(fields: HeaderFields): void;
  onEnd(): void;
  onFailure(failure: ConnectionFailure): void;
}

/** One request on a connection, and how far it is. */
export class Http2Stream {
  readonly id: number;
  readonly exchange: Exchange;
  /** What of the request's body is still to be sent. */
  unsent: Uint8Array | undefined;
  /** Its place among those that take turns to send. */
  turn: RosterEntry<Http2Stream> | undefined;
  /** Bytes of the body that the server takes now; below 0 when it takes fewer than before. */
  sendWindow: number;
  /** Bytes that have come since the server was last told that it may send more. */
  receivedBytes = 0;
  hasHead = false;
  /** Whether its exchange hears no more; it may have to be sent still. */
  isAnswered = false;

  constructor(id: number, sendWindow: number, exchange: Exchange) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.exchange = exchange;
  }
}
