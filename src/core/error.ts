/** The sixteen gRPC status names other than OK; every failure in Headway carries one. */
export const errorCodes = [
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What an error may carry beside its code and message. */
export interface HeadwayErrorOptions {
  /** The failure underneath; goes to the log, never to a client. */
  readonly cause?: unknown;
  /** When a retry may succeed, in milliseconds from now; becomes `Retry-After`. */
  readonly retryAfterMs?: number;
}

/**
 * The one error type of Headway. The message is written for the client: what failed, where, what
 * was expected and what was found, and how to mend it. It never holds a stack, an address or a
 * path outside what the client named.
 */
export class HeadwayError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: HeadwayErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'HeadwayError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Shorthand for the commonest failure: the caller sent something that cannot be right. */
export function invalidArgument(message: string, options?: HeadwayErrorOptions): HeadwayError {
  return new HeadwayError('invalid_argument', message, options);
}

/**
 * Turns anything thrown into a HeadwayError. An unknown throw becomes `internal` with a fixed
 * text: its own message may hold paths or addresses and stays in `cause`, for the log.
 */
export function toHeadwayError(thrown: unknown): HeadwayError {
  if (thrown instanceof HeadwayError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new HeadwayError('cancelled', 'The request was cancelled.', { cause: thrown });
  }
  return new HeadwayError(
    'internal',
    'An internal error occurred; the server log has the details.',
    {
      cause: thrown,
    },
  );
}
