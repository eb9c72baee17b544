import type { HeaderFields, HpackDecoder } from '../hpack/decoder.ts';
import { withoutPadding } from './frame-rules.ts';
import type { Frame } from './frame-reader.ts';
import { ProtocolError, flags, frameHeadBytes, frameTypes } from './protocol.ts';

/** The longest header block that is taken, and what we tell peers of that. */
export const maxHeaderBytes = 65_536;

const priorityBytes = 5;

/** Puts header blocks together. Source: RFC 9113, section 4.3. */
export class HeaderBlocks {
  #pieces: Buffer[] = [];
  /** With the heads of frames, so that empty ones have an end too. */
  #receivedBytes = 0;
  #first: Frame | undefined;

  /**
   * Takes any frame of a connection.
   * @returns the HEADERS frame with the whole block as its payload, once that is complete.
   * @throws ProtocolError when the frame may not come now, and when a block is too long.
   */
  take(frame: Frame): Frame | undefined {
    const isContinuation = frame.type === frameTypes.continuation;
    if (isContinuation !== (this.#first !== undefined)) {
      throw new ProtocolError('PROTOCOL_ERROR', 'a header block that does not end');
    }
    const isWhole = (frame.flags & flags.endHeaders) !== 0;
    if (frame.type === frameTypes.headers) {
      const block = withoutPriority(withoutPadding(frame));
      if (isWhole) return block;
      this.#first = block;
      this.#add(block);
    } else if (this.#first !== undefined) {
      if (frame.streamId !== this.#first.streamId) {
        throw new ProtocolError('PROTOCOL_ERROR', 'a header block that goes on in another stream');
      }
      this.#add(frame);
      if (isWhole) return this.#join(this.#first);
    }
    return undefined;
  }

  #add({ bytes, start, end }: Frame): void {
    this.#receivedBytes += end - start + frameHeadBytes;
    if (this.#receivedBytes > maxHeaderBytes) {
      throw new ProtocolError('ENHANCE_YOUR_CALM', `headers of more than ${maxHeaderBytes} bytes`);
    }
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
  }

  #join(first: Frame): Frame {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#receivedBytes = 0;
    this.#first = undefined;
    return { ...first, bytes, start: 0, end: bytes.byteLength };
  }
}

/** Source: RFC 9113, section 6.2. */
function withoutPriority(frame: Frame): Frame {
  if ((frame.flags & flags.priority) === 0) return frame;
  const start = frame.start + priorityBytes;
  if (start > frame.end) throw new ProtocolError('FRAME_SIZE_ERROR', 'HEADERS without a priority');
  return { ...frame, start };
}

/** Decodes blocks of one kind, and knows the one that comes again and again. */
export class RepeatedBlock {
  readonly #decoder: HpackDecoder;
  #last: { readonly bytes: Buffer; readonly fields: HeaderFields } | undefined;

  constructor(decoder: HpackDecoder) {
    this.#decoder = decoder;
  }

  /** @throws ProtocolError when it is no header block. */
  decode({ bytes, start, end }: Frame): HeaderFields {
    const last = this.#last;
    if (last?.bytes.compare(bytes, start, end) === 0) return last.fields;
    const fields = this.#decoder.decode(bytes, start, end);
    if (this.#decoder.isStateless) {
      this.#last = { bytes: Buffer.from(bytes.subarray(start, end)), fields };
    }
    return fields;
  }
}
