import { HeadwayError } from '../../core/error.ts';

/** Bounds on what a source may cost. */
export interface SourceLimits {
  /** The largest file or archive, and the largest sum of an archive's unpacked files. */
  readonly maxBytes: number;
  /** How long a connection may bring nothing. */
  readonly idleMs: number;
  /** How long one acquisition may take in all. */
  readonly totalMs: number;
  /** Failures in a row, none of them bringing a byte, after which a download is given up. */
  readonly maxAttempts: number;
  /** The pause after the first failure; it doubles with each further one. */
  readonly retryDelayMs: number;
}

export const defaultSourceLimits: SourceLimits = Object.freeze({
  maxBytes: 20 * 2 ** 30,
  idleMs: 60_000,
  totalMs: 6 * 3_600_000,
  maxAttempts: 5,
  retryDelayMs: 1_000,
});

/** How far an acquisition is. */
export interface AcquireProgress {
  readonly step: 'download' | 'extract' | 'verify';
  readonly doneBytes: number;
  /** `undefined` when the source does not say. */
  readonly totalBytes: number | undefined;
}

export type ReportProgress = (progress: AcquireProgress) => void;

/** Where the ecosystems' own settings are read from, and which hosts the operator vouches for. */
export interface SourceEnvironment {
  /** Variables such as `HF_TOKEN`, `PIP_INDEX_URL`, `npm_config_registry`, `HTTPS_PROXY`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  /**
   * Origins (`https://models.internal:8443`) that may be plain http and lie at addresses that are
   * not public. Every other host must be public and speak https.
   */
  readonly trustedOrigins: readonly string[];
}

/** What every kind of source is given to work with. */
export interface FetchContext extends SourceEnvironment {
  /** A folder of this acquisition's own; what it holds helps the next try if this one fails. */
  readonly directory: string;
  /** The version the lock file has for this reference, to be fetched again. */
  readonly lockedVersion: string | undefined;
  readonly limits: SourceLimits;
  /** Aborted by the caller, or when a time limit has passed. */
  readonly signal: AbortSignal;
  /** To be called at every sign of life: it also keeps the idle limit from passing. */
  readonly onProgress: ReportProgress;
}

/** A file as a source delivered it, inside the acquisition's folder. */
export interface FetchedFile {
  readonly path: string;
  /** Where it really came from, without secrets. */
  readonly resolved: string;
  /** The exact version, where the source has versions. */
  readonly version: string | undefined;
  /** The checksum the source itself states for this very file. */
  readonly sha256: string | undefined;
}

/** The error for a download that passes the size limit. @param what a URL, package or file. */
export function tooLarge(what: string, maxBytes: number): HeadwayError {
  return new HeadwayError(
    'resource_exhausted',
    `${what} is larger than the limit of ${maxBytes} bytes. Raise the limit if you want it all the same.`,
  );
}
