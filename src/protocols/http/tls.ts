import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import {
  type SecureContextOptions,
  type Server,
  type TlsOptions,
  createSecureContext,
} from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { HeadwayError } from '../../core/error.ts';
import type { Logger } from '../../core/logger.ts';

/** PEM files of a server's identity. */
export interface TlsFiles {
  /** The server's certificate, followed by those between it and its authority. */
  readonly certificate: string;
  readonly key: string;
  /** Authorities that client certificates must come from; `undefined` to ask clients for none. */
  readonly clientCa: string | undefined;
}

/** The server's certificate as it is on disk now, for every port. Disposing stops watching. */
export interface SecureContextSource extends Disposable {
  /** For `tls.createServer` and what is built on it. */
  readonly options: TlsOptions;
  /** Gives a server the certificates that are on disk later. */
  follow(server: Pick<Server, 'setSecureContext' | 'on'>): void;
}

export interface SecureContextSourceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often the files are looked at. */
const pollMs = 5000;

/**
 * Reads the files, and reads them again when they change. A changed pair that does not fit is
 * logged, and the one before stays in use.
 * @throws HeadwayError `failed_precondition` naming the file that is missing or does not fit.
 */
export function openSecureContextSource(
  files: TlsFiles,
  { clock, logger }: SecureContextSourceOptions,
): SecureContextSource {
  // Before the files are read, so that a change meanwhile is not missed.
  let seen = fingerprint(files);
  let context = readContext(files);
  const followers = new Set<Pick<Server, 'setSecureContext'>>();
  let cancel = clock.schedule(pollMs, look);

  function reload(): void {
    try {
      context = readContext(files);
    } catch (error) {
      logger.error('The changed TLS files cannot be used; the ones before stay in use.', { error });
      return;
    }
    for (const server of followers) server.setSecureContext(context);
    logger.info('The TLS certificate was read again.', { file: files.certificate });
  }

  function look(): void {
    const state = fingerprint(files);
    if (state !== seen) reload();
    seen = state;
    cancel = clock.schedule(pollMs, look);
  }

  return {
    get options() {
      const asks = files.clientCa !== undefined;
      return { ...context, requestCert: asks, rejectUnauthorized: asks };
    },
    follow(server) {
      followers.add(server);
      server.on('close', () => followers.delete(server));
    },
    [Symbol.dispose]: () => cancel(),
  };
}

/** Changes with any of the files, also where a link is turned to another one. */
function fingerprint({ certificate, key, clientCa }: TlsFiles): string {
  return [certificate, key, clientCa ?? key].map(stateOf).join();
}

/** Of a file that cannot be looked at, whoever reads it says why. */
function stateOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return 'unreadable';
  }
}

function readContext({ certificate, key, clientCa }: TlsFiles): SecureContextOptions {
  const cert = readPem('certificate', certificate);
  const keyPem = readPem('key', key);
  const parsed = attempt(() => new X509Certificate(cert), {
    failure: `The TLS certificate file '${certificate}' holds no certificate in PEM form.`,
  });
  const privateKey = attempt(() => createPrivateKey(keyPem), {
    failure: `The TLS key file '${key}' holds no private key in PEM form without a passphrase.`,
  });
  if (!parsed.checkPrivateKey(privateKey)) {
    throw unusable(
      `The TLS key '${key}' does not belong to the first certificate in '${certificate}'.`,
    );
  }
  const context: SecureContextOptions = { cert, key: keyPem, minVersion: 'TLSv1.2' };
  if (clientCa !== undefined) {
    const ca = readPem('client authority', clientCa);
    attempt(() => new X509Certificate(ca), {
      failure: `The TLS client authority file '${clientCa}' holds no certificate in PEM form.`,
    });
    context.ca = ca;
  }
  attempt(() => createSecureContext(context), {
    failure: `The TLS certificate '${certificate}' and key '${key}' cannot be used together.`,
  });
  return context;
}

function readPem(what: string, path: string): string {
  return attempt(() => readFileSync(path, 'utf8'), {
    failure: `The TLS ${what} file '${path}' cannot be read.`,
  });
}

function attempt<T>(run: () => T, { failure }: { readonly failure: string }): T {
  try {
    return run();
  } catch (cause) {
    throw unusable(failure, cause);
  }
}

function unusable(message: string, cause?: unknown): HeadwayError {
  return new HeadwayError('failed_precondition', message, { cause });
}
