import { type ErrorCode, HeadwayError } from '../core/error.ts';
import type { TransportAnswer } from './transport.ts';

/** The commonest error code behind each status. */
const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [400, 'invalid_argument'],
  [401, 'unauthenticated'],
  [403, 'permission_denied'],
  [404, 'not_found'],
  [405, 'unimplemented'],
  [408, 'deadline_exceeded'],
  [409, 'aborted'],
  [413, 'invalid_argument'],
  [429, 'resource_exhausted'],
  [500, 'internal'],
  [501, 'unimplemented'],
  [503, 'unavailable'],
  [504, 'deadline_exceeded'],
]);

/** A server's refusal with its own text, and when a retry may succeed if it says so. */
export function toServerError({ status, headers, body }: TransportAnswer): HeadwayError {
  const code = codeByStatus.get(status) ?? (status >= 500 ? 'internal' : 'unknown');
  const retryAfterSeconds = Number(headers['retry-after']);
  const message = readErrorText(body) ?? `The server answered with status ${status}.`;
  return retryAfterSeconds > 0
    ? new HeadwayError(code, message, { retryAfterMs: retryAfterSeconds * 1000 })
    : new HeadwayError(code, message);
}

function readErrorText(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    const text = typeof value === 'object' && value !== null && 'error' in value && value.error;
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
