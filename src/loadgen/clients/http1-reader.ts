/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** By their names in lower case; of a repeated one, the last. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a reader tells of the answers on one connection. */
export interface AnswerEvents {
  readonly onHead: (head: AnswerHead) => void;
  readonly onBody: (piece: Buffer) => void;
  /** @param isKept whether the connection may be used again. */
  readonly onEnd: (isKept: boolean) => void;
  /** Nothing comes after this. */
  readonly onBroken: (reason: string) => void;
}

/** Finds answers in what a connection receives. Source: RFC 9112. */
export interface AnswerReader {
  push(piece: Buffer): void;
  /** The server has closed the connection. */
  close(): void;
}

/** What comes next: a line, or so many bytes. */
type State =
  | { readonly kind: 'head' | 'chunkSize' | 'chunkEnd' | 'trailer' | 'untilClose' | 'broken' }
  | { readonly kind: 'body' | 'chunk'; missingBytes: number };

const maxHeadBytes = 65_536;
const lineEnd = '\r\n';
const empty = Buffer.alloc(0);

export function createAnswerReader(events: AnswerEvents): AnswerReader {
  return new Http1Reader(events);
}

class Http1Reader implements AnswerReader {
  readonly #events: AnswerEvents;
  #state: State = { kind: 'head' };
  #isKept = true;
  /** What came of a line that is not complete. */
  #pending: Buffer = empty;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  push(piece: Buffer): void {
    let rest = this.#pending.byteLength === 0 ? piece : Buffer.concat([this.#pending, piece]);
    this.#pending = empty;
    while (rest.byteLength > 0 && this.#state.kind !== 'broken') {
      const usedBytes = this.#take(rest);
      if (usedBytes === 0) {
        if (rest.byteLength > maxHeadBytes) this.#break('the head of the answer does not end');
        this.#pending = rest;
        return;
      }
      rest = rest.subarray(usedBytes);
    }
  }

  close(): void {
    if (this.#state.kind !== 'untilClose') return;
    this.#isKept = false;
    this.#end();
  }

  /** Takes what it can from the front; the number of bytes, 0 when it needs more. */
  #take(bytes: Buffer): number {
    const state = this.#state;
    switch (state.kind) {
      case 'head':
        return this.#takeUpTo(bytes, lineEnd + lineEnd, (text) => this.#beginAnswer(text));
      case 'chunkSize':
        return this.#takeUpTo(bytes, lineEnd, (text) => this.#beginChunk(text));
      case 'chunkEnd':
        return this.#takeUpTo(bytes, lineEnd, (text) => {
          if (text === '') this.#state = { kind: 'chunkSize' };
          else this.#break('a chunk of the answer is longer than it says');
        });
      case 'trailer':
        return this.#takeUpTo(bytes, lineEnd, (text) => {
          if (text === '') this.#end();
        });
      case 'untilClose':
        this.#events.onBody(bytes);
        return bytes.byteLength;
      case 'body':
      case 'chunk': {
        const byteCount = Math.min(state.missingBytes, bytes.byteLength);
        state.missingBytes -= byteCount;
        this.#events.onBody(bytes.subarray(0, byteCount));
        if (state.missingBytes > 0) return byteCount;
        if (state.kind === 'chunk') this.#state = { kind: 'chunkEnd' };
        else this.#end();
        return byteCount;
      }
      case 'broken':
        return bytes.byteLength;
    }
  }

  #takeUpTo(bytes: Buffer, end: string, use: (text: string) => void): number {
    const endPlace = bytes.indexOf(end, 0, 'latin1');
    if (endPlace === -1) return 0;
    use(bytes.toString('latin1', 0, endPlace));
    return endPlace + end.length;
  }

  #beginAnswer(text: string): void {
    const [, minor = '', code] = /^HTTP\/1\.([01]) (\d{3})/.exec(text) ?? [];
    if (code === undefined) return this.#break('the answer is not HTTP/1');
    const status = Number(code);
    // An interim answer; the one that counts follows.
    if (status < 200) return;
    const headers = readHeaders(text);
    const connection = headers['connection']?.toLowerCase();
    this.#isKept = minor === '1' ? connection !== 'close' : connection === 'keep-alive';
    this.#events.onHead({ status, headers });
    this.#beginBody(status, headers);
  }

  #beginBody(status: number, headers: Readonly<Record<string, string>>): void {
    const length = headers['content-length'];
    if (status === 204 || status === 304) this.#end();
    else if (headers['transfer-encoding']?.toLowerCase().endsWith('chunked') === true) {
      this.#state = { kind: 'chunkSize' };
    } else if (length === undefined) this.#state = { kind: 'untilClose' };
    else if (!/^\d{1,15}$/.test(length)) {
      this.#break(`the answer has the Content-Length '${length}'`);
    } else if (Number(length) === 0) this.#end();
    else this.#state = { kind: 'body', missingBytes: Number(length) };
  }

  #beginChunk(text: string): void {
    const [, digits] = /^([\da-f]{1,12})\s*(?:;.*)?$/i.exec(text) ?? [];
    if (digits === undefined)
      return this.#break('a chunk of the answer does not say how long it is');
    const missingBytes = Number.parseInt(digits, 16);
    this.#state = missingBytes === 0 ? { kind: 'trailer' } : { kind: 'chunk', missingBytes };
  }

  #end(): void {
    this.#state = { kind: 'head' };
    this.#events.onEnd(this.#isKept);
  }

  #break(reason: string): void {
    this.#state = { kind: 'broken' };
    this.#events.onBroken(reason);
  }
}

function readHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  let start = text.indexOf(lineEnd);
  while (start !== -1) {
    const next = text.indexOf(lineEnd, start + 2);
    const line = text.slice(start + 2, next === -1 ? undefined : next);
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    start = next;
  }
  return headers;
}
