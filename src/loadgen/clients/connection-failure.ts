import type { Outcome } from '../samples.ts';

/** Why a request has no answer. */
export interface ConnectionFailure {
  readonly outcome: Outcome;
  readonly reason: string;
}

const disconnected: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host has no address',
  EAI_AGAIN: 'the address of the host cannot be looked up now',
};

/** What the generator's own machine refuses. */
const dropped: Readonly<Record<string, string>> = {
  EMFILE: 'the generator may not open more files',
  ENFILE: 'the machine has no more files to open',
  EADDRNOTAVAIL: 'the generator has no more ports',
  ENOBUFS: 'the machine has no more room for connections',
};

/** @param error what the connection ended with; `undefined` when it was closed in good order. */
export function describeFailure(error: NodeJS.ErrnoException | undefined): ConnectionFailure {
  if (error === undefined) {
    return { outcome: 'disconnected', reason: 'the connection was closed without an answer' };
  }
  const code = error.code ?? '';
  const own = dropped[code];
  if (own !== undefined) return { outcome: 'dropped', reason: own };
  return { outcome: 'disconnected', reason: disconnected[code] ?? (code || error.message) };
}
