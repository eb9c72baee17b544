import { createHash, timingSafeEqual } from 'node:crypto';
import { HeadwayError } from '../../core/error.ts';
import type { Authorize, Plane } from './route.ts';

/** A key and what it opens. */
export interface ApiKey {
  /** SHA-256 of the key's UTF-8 text; the key itself is not kept. */
  readonly sha256: Uint8Array;
  readonly planes: readonly Plane[];
}

/** The hash under which a key is kept. */
export function hashApiKey(key: string): Uint8Array {
  return createHash('sha256').update(key, 'utf8').digest();
}

/**
 * Checks `Authorization: Bearer <key>`. Hashes are compared in constant time, and every key is
 * compared, so the time taken tells nothing about the keys. Without keys everything is open.
 */
export function createKeyAuthorizer(keys: readonly ApiKey[]): Authorize {
  if (keys.length === 0) return () => {};
  return (plane, headers) => {
    const token = /^Bearer ([^\s]+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) {
      throw new HeadwayError(
        'unauthenticated',
        'This server needs a key: send the header "Authorization: Bearer <key>".',
      );
    }
    const hash = hashApiKey(token);
    let known = false;
    let allowed = false;
    for (const key of keys) {
      const same = timingSafeEqual(hash, key.sha256);
      known ||= same;
      allowed ||= same && key.planes.includes(plane);
    }
    if (!known) throw new HeadwayError('unauthenticated', 'The key is not known to this server.');
    if (!allowed) {
      throw new HeadwayError('permission_denied', `The key does not open the ${plane} requests.`);
    }
  };
}
