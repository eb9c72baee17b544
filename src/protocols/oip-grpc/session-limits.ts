import type { ServerHttp2Session, ServerOptions } from 'node:http2';
import { constants } from 'node:http2';
import type { ServerOpts } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';

/** Bounds on what one connection may hold open or ask for. */
export interface SessionLimits {
  readonly maxConnections: number;
  /** Calls open at one time on one connection; those beyond wait with the client. */
  readonly maxConcurrentStreams: number;
  /** Calls open at one time on all connections, health's aside; those beyond are refused. */
  readonly maxCalls: number;
  readonly maxHeaderBytes: number;
  /** Memory of one connection beyond which it gets no more calls: what waits to be taken counts. */
  readonly maxSessionBytes: number;
  /** From connecting to the first settings. */
  readonly handshakeTimeoutMs: number;
  /** How long a connection may be without a call. */
  readonly idleTimeoutMs: number;
  /** From the first byte of a message, or of a call that has one, to its last. */
  readonly messageTimeoutMs: number;
  /** How long a client may take nothing of an answer that is ready. */
  readonly writeStallTimeoutMs: number;
  /** Pings a connection may send at once without a call, and how soon it may send one more. */
  readonly maxPings: number;
  readonly pingIntervalMs: number;
}

const mebibyte = 1024 ** 2;

export const defaultSessionLimits: SessionLimits = Object.freeze({
  maxConnections: 4096,
  maxConcurrentStreams: 1024,
  // An idle call takes some 10 KB of the JavaScript heap, which ends the process when it is full.
  maxCalls: 32_768,
  maxHeaderBytes: 16 * 1024,
  maxSessionBytes: 512 * mebibyte,
  handshakeTimeoutMs: 10_000,
  // Clients keep channels open for as long as they live, and connect again without being asked.
  idleTimeoutMs: 3_600_000,
  messageTimeoutMs: 120_000,
  writeStallTimeoutMs: 30_000,
  maxPings: 100,
  pingIntervalMs: 1000,
});

/** A tensor of this size is sent without waiting for the server's leave to send on. */
const streamWindowBytes = 4 * mebibyte;
const sessionWindowBytes = 16 * mebibyte;
const maxFrameBytes = 256 * 1024;

type TcpNetOptions = Pick<ServerOpts, 'noDelay' | 'keepAlive' | 'keepAliveInitialDelay'>;

/** How many calls a client may take back at once, and how many more each second. */
const resetBurst = 10_000;
const resetsPerSecond = 1000;

const peerKeepAliveMs = 60_000;

/** What node:net and node:http2 themselves see to. */
export function http2Options(limits: SessionLimits): ServerOptions & TcpNetOptions {
  return {
    noDelay: true,
    // A peer that vanished without a word is found out by TCP.
    keepAlive: true,
    keepAliveInitialDelay: peerKeepAliveMs,
    maxSessionMemory: limits.maxSessionBytes / mebibyte,
    maxSettings: 32,
    // A header whose value ends in a space would be dropped without a word.
    strictFieldWhitespaceValidation: false,
    maxHeaderListPairs: 128,
    streamResetBurst: resetBurst,
    streamResetRate: resetsPerSecond,
    settings: {
      initialWindowSize: streamWindowBytes,
      maxFrameSize: maxFrameBytes,
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
      enablePush: false,
    },
  };
}

export interface SessionGuard {
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Watches a new connection: that it comes to something, stays in use, and does not flood. */
export function guardSession(session: ServerHttp2Session, guard: SessionGuard): void {
  const { limits, logger } = guard;
  session.setLocalWindowSize(sessionWindowBytes);
  let openCount = 0;
  let wasUsed = false;
  session.on('stream', (stream) => {
    openCount += 1;
    wasUsed = true;
    stream.on('close', () => (openCount -= 1));
  });
  session.setTimeout(limits.handshakeTimeoutMs, () => session.destroy());
  session.once('remoteSettings', () => {
    session.setTimeout(limits.idleTimeoutMs, () => {
      if (openCount === 0) session.close();
    });
  });
  session.on('error', (error) => logger.verbose('A gRPC connection failed.', { error }));

  const pings = createAllowance(guard);
  session.on('ping', () => {
    // Clients measure the line with pings while calls are under way.
    const isUsed = openCount > 0 || wasUsed;
    wasUsed = false;
    if (isUsed || pings.take()) return;
    logger.verbose('A gRPC connection is closed for its many pings.');
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
    session.destroy();
  });
}

/** So many at once, and one more after each interval. */
function createAllowance({ limits, clock }: SessionGuard): { take(): boolean } {
  let left = limits.maxPings;
  let filledMs = clock.nowMs();
  return {
    take() {
      const nowMs = clock.nowMs();
      const earned = (nowMs - filledMs) / limits.pingIntervalMs;
      left = Math.min(limits.maxPings, left + earned);
      filledMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
