import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { invalidArgument } from '../../core/error.ts';

/**
 * Reads the certificates and the key once, for all connections of a client.
 * @throws HeadwayError `invalid_argument` when they cannot be used.
 */
export function prepareTls(tls: ConnectionOptions = {}): ConnectionOptions {
  try {
    return { ...tls, secureContext: createSecureContext(tls) };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw invalidArgument(
      `The certificates and the key for TLS cannot be used (${found}): give them in PEM form, and the key that belongs to the certificate.`,
      { cause },
    );
  }
}
