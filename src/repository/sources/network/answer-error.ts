import { type ErrorCode, HeadwayError } from '../../../core/error.ts';
import { type HttpResponse, describeUrl } from './http-client.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  407: 'unauthenticated',
  408: 'unavailable',
  410: 'not_found',
  425: 'unavailable',
  429: 'unavailable',
};

const advice: Readonly<Record<number, string>> = {
  401: ' It wants credentials.',
  403: ' The file may be private, or its licence not yet accepted.',
  404: ' Check the spelling, the version and the path.',
};

/** What an HTTP status other than success means to whoever asked for the file. */
export function answerError({ status, url }: Pick<HttpResponse, 'status' | 'url'>): HeadwayError {
  const code = codes[status] ?? (status >= 500 ? 'unavailable' : 'failed_precondition');
  return new HeadwayError(
    code,
    `${describeUrl(url)} answered with HTTP status ${status}.${advice[status] ?? ''}`,
  );
}
