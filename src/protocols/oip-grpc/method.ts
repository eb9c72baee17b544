import type { IncomingHttpHeaders } from 'node:http2';
import type { Plane } from '../http/route.ts';

/** One call, as its method sees it. */
export interface CallContext {
  readonly headers: IncomingHttpHeaders;
  /** When the call began, on the clock. */
  readonly startMs: number;
  /** When the client stops waiting, on the clock. */
  readonly deadlineMs: number | undefined;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** Adds metadata to what goes before the first message of a good answer. */
  tell(name: string, value: string): void;
}

/** A message in pieces. */
export type MessagePieces = readonly Uint8Array[];

/** The other side of a stream. */
export interface StreamSender {
  readonly context: CallContext;
  /**
   * Sends a message; after the end nothing more is sent.
   * @param onTaken called when it is on its way to the client, or never will be.
   */
  send(message: MessagePieces, onTaken?: () => void): void;
  /** Ends the call well. */
  end(): void;
  /** Ends the call with an error's status. */
  fail(thrown: unknown): void;
  /** Stops reading the client's messages, until `resume`. */
  pause(): void;
  resume(): void;
  /** Whether the client takes messages more slowly than they are sent; `onDrained` tells the end of it. */
  isFull(): boolean;
}

/** What a method does with the events of one stream. */
export interface StreamHandler {
  /** The bytes are held until `done` is called. */
  onMessage(message: Buffer, done: () => void): void;
  /** The client sends nothing more. */
  onEnd(): void;
  /** The client has taken what was sent. */
  onDrained(): void;
  /** The server is stopping: what was asked is to be answered, and the stream ended. */
  onStopping(): void;
  /** The call is over, however. */
  onClosed(): void;
}

/** How one method of a service is answered. */
export type GrpcMethod = {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly plane: Plane;
  /** The longest message; `undefined` for the server's limit. */
  readonly maxMessageBytes?: number;
} & (
  | {
      readonly kind: 'unary';
      answer(message: Buffer, context: CallContext): MessagePieces | Promise<MessagePieces>;
    }
  | { readonly kind: 'stream'; open(sender: StreamSender): StreamHandler }
);
