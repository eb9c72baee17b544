import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import type { CheckedRequest } from '../inputs/prepared-request.ts';

/** What a client of any protocol is made with. */
export interface LoadClientOptions {
  /** The server's address; a path is put before those of the requests. */
  readonly url: string;
  /** Sent in turn, by their numbers. */
  readonly requests: readonly CheckedRequest[];
  /** How long an answer may take from when it is sent; 60,000 when left out. */
  readonly timeoutMs?: number | undefined;
  /**
   * More than these are not opened, and requests are dropped; when left out, 4,096 over HTTP/1,
   * which takes one request at a time, and 256 over gRPC, which takes many.
   */
  readonly maxConnections?: number | undefined;
  /** `ca`, `cert`, `key` and so on, where the address asks for TLS. */
  readonly tls?: ConnectionOptions | undefined;
  readonly clock?: Clock | undefined;
}

export const defaultTimeoutMs = 60_000;
