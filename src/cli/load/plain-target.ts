import { preparePlainRequest } from '../../loadgen/inputs/oip-requests.ts';
import { type LoadTarget, type TargetOptions, bearer, withHeaders } from './load-target.ts';

/** Asks the URL itself, of any server of HTTP. */
export function openPlainTarget(url: string, { apiKey, timeout, tls }: TargetOptions): LoadTarget {
  const { origin, pathname, search } = new URL(url);
  const requests = [withHeaders(preparePlainRequest(`${pathname}${search}`), bearer(apiKey))];
  const options = { url: origin, requests, timeoutMs: timeout, tls };
  return {
    // Whatever answers at the address does not say.
    server: { model: null },
    notes: [],
    plan: { protocol: 'http', options },
  };
}
