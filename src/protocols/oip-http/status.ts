import type { ErrorCode, HeadwayError } from '../../core/error.ts';
import { sendJson } from '../http/respond.ts';
import type { HttpExchange } from '../http/route.ts';

/**
 * HTTP status of each error code, as Triton answers where clients compare it. Two differences, both
 * towards what HTTP means: a full queue is 429 and a missing key 401, where Triton has 503 and 403.
 * JSON of the wrong type is `invalid_argument` and so 400, where Triton answers 500.
 */
export const statusByCode: Readonly<Record<ErrorCode, number>> = {
  cancelled: 400,
  unknown: 400,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 400,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 400,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 501,
  internal: 500,
  unavailable: 503,
  data_loss: 500,
  unauthenticated: 401,
};

/** Answers `{"error": "<text>"}` with the status of the code, and `Retry-After` where one is known. */
export function failOip({ response }: HttpExchange, error: HeadwayError): void {
  const headers: string[] = [];
  if (error.retryAfterMs !== undefined) {
    headers.push('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  }
  if (error.code === 'unauthenticated') headers.push('WWW-Authenticate', 'Bearer');
  const json = JSON.stringify({ error: error.message });
  sendJson(response, { status: statusByCode[error.code], json, headers });
}
