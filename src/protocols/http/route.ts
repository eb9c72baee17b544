import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { HeadwayError } from '../../core/error.ts';

/** What a route touches; keys are granted by plane, and `health` needs none. */
export type Plane = 'health' | 'inference' | 'admin' | 'observability';

/**
 * Decides whether a request may use a plane.
 * @throws HeadwayError `unauthenticated` or `permission_denied`.
 */
export type Authorize = (plane: Exclude<Plane, 'health'>, headers: IncomingHttpHeaders) => void;

/** One request and the answer to it. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The decoded path segments that fell on placeholders, in the order of the path. */
  readonly params: readonly string[];
  /** When the head of the request was read, on the clock. */
  readonly startMs: number;
}

/** One method on one path. Lists of routes from several protocols may be joined. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /**
   * Literal segments and placeholders, as in `/v2/models/{model}/infer`. A placeholder takes one
   * whole segment; `{version}` takes digits only. A literal is preferred to a placeholder.
   */
  readonly path: string;
  readonly plane: Plane;
  /** Answers; what it throws goes to `fail`. */
  handle(exchange: HttpExchange): void | Promise<void>;
  /** Answers with an error in the protocol's own form. */
  fail(exchange: HttpExchange, error: HeadwayError): void;
}
