import { HeadwayError } from '../../../core/error.ts';
import { type Gathering, gatherBytes } from '../../http/gather.ts';
import { type HeldBytes, uncounted } from '../../http/held-bytes.ts';

/** Bytes before each message: a flag for compression, and its length, big-endian. */
const framePrefixBytes = 5;

/** A message as it came. */
export interface Frame {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

export interface FrameReaderOptions {
  /** The longest message. */
  readonly maxBytes: number;
  /** How to have longer ones, for the error. */
  readonly limitHint?: string | undefined;
  /** What the next message is held with; nothing is counted unless given. */
  readonly hold?: () => HeldBytes;
  readonly onMessage: (frame: Frame) => void;
}

/** Splits what a call receives into messages. */
export interface FrameReader {
  /** @throws HeadwayError for a message that is too long or broken, or finds no memory. */
  push(piece: Uint8Array): void;
  /** Whether the last message is complete. */
  isBetweenMessages(): boolean;
}

/**
 * Makes the reader of a call's messages. A message gets a buffer of its own, placed so that what
 * ends with it, mostly the largest tensor, can be used where it lies.
 * Source: the gRPC over HTTP/2 protocol, Length-Prefixed-Message.
 */
export function createFrameReader(options: FrameReaderOptions): FrameReader {
  const prefix = Buffer.alloc(framePrefixBytes);
  let prefixLength = 0;
  let message: Gathering | undefined;
  let messageBytes = 0;

  function beginMessage(): Gathering {
    const byteLength = prefix.readUInt32BE(1);
    if ((prefix[0] ?? 0) > 1) {
      throw new HeadwayError(
        'internal',
        `A message begins with the flag ${prefix[0]}, not 0 or 1.`,
      );
    }
    if (byteLength > options.maxBytes) {
      throw new HeadwayError(
        'resource_exhausted',
        `Received message larger than max (${byteLength} vs. ${options.maxBytes})${options.limitHint ?? ''}`,
      );
    }
    messageBytes = byteLength;
    return gatherBytes({
      expectedBytes: byteLength,
      maxBytes: byteLength,
      alignedOffset: byteLength,
      held: options.hold?.() ?? uncounted,
    });
  }

  function finishIfWhole(): void {
    if (message === undefined || message.byteLength < messageBytes) return;
    const frame = { isCompressed: prefix[0] === 1, bytes: message.finish() };
    message = undefined;
    prefixLength = 0;
    options.onMessage(frame);
  }

  return {
    push(piece) {
      let offset = 0;
      while (offset < piece.byteLength) {
        if (message === undefined) {
          const end = Math.min(piece.byteLength, offset + framePrefixBytes - prefixLength);
          prefix.set(piece.subarray(offset, end), prefixLength);
          prefixLength += end - offset;
          offset = end;
          if (prefixLength < framePrefixBytes) return;
          message = beginMessage();
        } else {
          const end = Math.min(piece.byteLength, offset + messageBytes - message.byteLength);
          message.append(piece.subarray(offset, end));
          offset = end;
        }
        finishIfWhole();
      }
    },
    isBetweenMessages: () => message === undefined && prefixLength === 0,
  };
}

/** From this size on, a message's pieces are sent as they are instead of joined. */
const joinBytes = 64 * 1024;

/** A message with its prefix, ready to be written: one piece when it is small. */
export function frameMessage(
  pieces: readonly Uint8Array[],
  { isCompressed }: { readonly isCompressed: boolean },
): readonly Uint8Array[] {
  let byteLength = 0;
  for (const piece of pieces) byteLength += piece.byteLength;
  const isJoined = byteLength < joinBytes;
  const head = Buffer.allocUnsafe(framePrefixBytes + (isJoined ? byteLength : 0));
  head[0] = isCompressed ? 1 : 0;
  head.writeUInt32BE(byteLength, 1);
  if (!isJoined) return [head, ...pieces];
  let offset = framePrefixBytes;
  for (const piece of pieces) {
    head.set(piece, offset);
    offset += piece.byteLength;
  }
  return [head];
}
