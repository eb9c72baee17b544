import { HeadwayError } from '../../core/error.ts';
import { createLineReader } from './line-reader.ts';

/** One event of a server's event stream. */
export interface StreamEvent {
  /** `message` where the stream names none. */
  readonly event: string;
  /** Lines joined by line feeds. */
  readonly data: string;
}

export interface EventReaderOptions {
  /** The longest line, and the most data of one event. */
  readonly maxBytes: number;
  readonly onEvent: (event: StreamEvent) => void;
}

/** Splits what a connection receives into events. */
export interface EventReader {
  /**
   * Takes the next piece, cut anywhere, and tells of every event it completes before it returns.
   * @throws HeadwayError `data_loss` for what is no UTF-8, `resource_exhausted` for an event that is
   * too long, and what `onEvent` throws.
   */
  push(piece: Uint8Array): void;
  /** Whether what came last is a whole event; a stream that ends elsewhere was cut off. */
  isBetweenEvents(): boolean;
}

const byteOrderMark = '\uFEFF';

/**
 * Makes the reader of a `text/event-stream`. Reconnection (`id`, `retry`) has no meaning here and is
 * passed over, like comments.
 * Source: WHATWG HTML, section 9.2, "Parsing an event stream"; unlike there, bytes that are no UTF-8
 * are an error.
 */
export function createEventReader({ maxBytes, onEvent }: EventReaderOptions): EventReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let isFirstLine = true;
  let event = '';
  let data: string[] = [];
  let dataBytes = 0;

  function decode(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new HeadwayError('data_loss', 'The event stream is not UTF-8.', { cause });
    }
  }

  function addData(value: string, byteLength: number): void {
    dataBytes += byteLength;
    if (dataBytes > maxBytes) {
      throw new HeadwayError(
        'resource_exhausted',
        `The event stream holds an event of more than ${maxBytes} bytes.`,
      );
    }
    data.push(value);
  }

  function dispatch(): void {
    const complete = { event: event === '' ? 'message' : event, data: data.join('\n') };
    const hasData = data.length > 0;
    event = '';
    data = [];
    dataBytes = 0;
    if (hasData) onEvent(complete);
  }

  const lines = createLineReader(maxBytes, (bytes) => {
    const text = decode(bytes);
    const line = isFirstLine && text.startsWith(byteOrderMark) ? text.slice(1) : text;
    isFirstLine = false;
    const { name, value } = splitField(line);
    if (line === '') dispatch();
    else if (name === 'data') addData(value, bytes.byteLength);
    else if (name === 'event') event = value;
  });

  return {
    push: lines.push,
    isBetweenEvents: () => lines.isAtLineStart() && event === '' && data.length === 0,
  };
}

/** A comment is a field without a name. */
function splitField(line: string): { readonly name: string; readonly value: string } {
  const colon = line.indexOf(':');
  if (colon === -1) return { name: line, value: '' };
  const start = line[colon + 1] === ' ' ? colon + 2 : colon + 1;
  return { name: line.slice(0, colon), value: line.slice(start) };
}
