/** The bytes of a request, made before the run, so that the run itself only sends. */
export interface PreparedRequest {
  /** `POST` with a body, `GET` with an empty one; gRPC calls are always `POST`. */
  readonly method: 'GET' | 'POST';
  /** Begins with a slash: what is asked for, put behind the server's address. */
  readonly path: string;
  /** Names in lower case; the length of the body is not among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of gRPC, the framed message. */
  readonly body: Uint8Array;
}

/** A request whose answer may be looked at. */
export interface CheckedRequest extends PreparedRequest {
  /** What the answer is held against; absent when any good answer will do. */
  readonly check?: CheckAnswer | undefined;
}

/** A good answer as it came. */
export interface ReceivedAnswer {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of gRPC, the message without its frame. */
  readonly body: Uint8Array;
}

/** Says what is wrong with an answer; `undefined` when it is as expected. Never throws. */
export type CheckAnswer = (answer: ReceivedAnswer) => string | undefined;
