import { HeadwayError } from '../../../core/error.ts';

/** Bytes before each message: a flag for compression, and its length, big-endian. */
const framePrefixBytes = 5;

const alignmentBytes = 64;

/** A message as it came. */
export interface Frame {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

export interface FrameReaderOptions {
  /** The longest message. */
  readonly maxBytes: number;
  /** Asked before a message of some length is held; what it throws refuses the message. */
  readonly hold: (byteLength: number) => void;
  readonly onMessage: (frame: Frame) => void;
}

/** Splits what a call receives into messages. */
export interface FrameReader {
  /** @throws HeadwayError for a message that is too long or broken, and what `hold` throws. */
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
  let message: Buffer | undefined;
  let filled = 0;

  function beginMessage(): Buffer {
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
        `Received message larger than max (${byteLength} vs. ${options.maxBytes})`,
      );
    }
    options.hold(byteLength);
    filled = 0;
    return allocateEndAligned(byteLength);
  }

  function finishIfWhole(): void {
    if (message === undefined || filled < message.byteLength) return;
    const frame = { isCompressed: prefix[0] === 1, bytes: message };
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
          const end = Math.min(piece.byteLength, offset + message.byteLength - filled);
          message.set(piece.subarray(offset, end), filled);
          filled += end - offset;
          offset = end;
        }
        finishIfWhole();
      }
    },
    isBetweenMessages: () => message === undefined && prefixLength === 0,
  };
}

/** A buffer whose end falls on a multiple of 64 in its ArrayBuffer. */
function allocateEndAligned(byteLength: number): Buffer {
  const memory = Buffer.allocUnsafe(byteLength + alignmentBytes - 1);
  const end = memory.byteOffset + byteLength;
  const start = (alignmentBytes - (end % alignmentBytes)) % alignmentBytes;
  return memory.subarray(start, start + byteLength);
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
