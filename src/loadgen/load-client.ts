import type { Outcome } from './samples.ts';

/** What a client tells of a request while it goes on, each time on the run's clock. */
export interface RequestProgress {
  /** Its bytes are about to be written. One that then ends as `dropped` was not sent after all. */
  sent(): void;
  firstByte(): void;
  /** A chunk of a streamed answer, with this many tokens. */
  chunk(tokenCount: number): void;
  /** The last call. */
  end(outcome: Outcome, detail?: RequestDetail): void;
}

export interface RequestDetail {
  /** Why it did not go well, in a few words; equal reasons are counted together. */
  readonly reason?: string;
  readonly queueMs?: number;
  readonly computeMs?: number;
  readonly promptTokens?: number;
  /** Tokens of the whole answer, where the server counts them. */
  readonly outputTokens?: number;
}

/** Sends requests of one protocol to one server. Never throws for what a server does. */
export interface LoadClient extends AsyncDisposable {
  /** Sends the input with this number, counted round the inputs there are. */
  send(inputIndex: number, progress: RequestProgress): void;
  /** Gives up what is in flight, which then ends as `unfinished`. */
  cutOff(): void;
}
