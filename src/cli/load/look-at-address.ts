import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describeFailure } from '../../loadgen/clients/connection-failure.ts';
import type { TlsFiles } from './tls-files.ts';

/** Where to look. */
export interface LookedAt {
  readonly hostname: string;
  readonly port: number;
  /** What a connection with TLS is tried with. */
  readonly tls: TlsFiles;
}

/** What is found at an address, in the words of who has to mend it. */
export type AddressFinding =
  | { readonly kind: 'nobody'; readonly reason: string }
  /** TLS, for clients that show a certificate it knows. */
  | { readonly kind: 'certificateWanted' }
  | {
      readonly kind: 'speaks';
      readonly protocol: 'http' | 'http2';
      readonly isTls: boolean;
      /** Why its certificate is not believed. */
      readonly untrusted?: string | undefined;
    }
  | { readonly kind: 'unknown' };

/** A server that says nothing for so long is not waited for. */
const patienceMs = 2_000;

/** Looks what listens at an address: asks once without TLS, and if that is not liked, once with it. */
export async function lookAtAddress(place: LookedAt): Promise<AddressFinding> {
  const plain = await exchangeBytes(place, false);
  if (plain.refused !== undefined) return { kind: 'nobody', reason: plain.refused };
  const spoken = protocolOf(plain.bytes);
  if (spoken !== undefined && !isBadRequest(plain.bytes)) {
    return { kind: 'speaks', protocol: spoken, isTls: false };
  }
  const secured = await exchangeBytes(place, true);
  if (/ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA)/.test(secured.failure ?? '')) {
    return { kind: 'certificateWanted' };
  }
  const { untrusted } = secured;
  const wasDropped = secured.bytes.byteLength === 0 && secured.failure !== 'ABORT_ERR';
  if (secured.protocol !== undefined && wasDropped && place.tls.cert !== undefined) {
    return { kind: 'certificateWanted' };
  }
  const protocol = secured.protocol ?? protocolOf(secured.bytes);
  if (protocol !== undefined) return { kind: 'speaks', protocol, isTls: true, untrusted };
  return spoken === undefined
    ? { kind: 'unknown' }
    : { kind: 'speaks', protocol: spoken, isTls: false };
}

interface Exchange {
  /** What came first. */
  bytes: Buffer;
  /** Why there was no connection. */
  refused?: string;
  /** What the connection ended with. */
  failure?: string;
  untrusted?: string;
  /** What both sides agreed on. */
  protocol?: 'http' | 'http2';
}

/** Says a word of HTTP and takes what comes first. */
function exchangeBytes({ hostname, port, tls }: LookedAt, isTls: boolean): Promise<Exchange> {
  const seen: Exchange = { bytes: Buffer.alloc(0) };
  const signal = AbortSignal.timeout(patienceMs);
  return new Promise((resolve) => {
    let isOpen = false;
    const ask = (): boolean => socket.write(`GET / HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    const address = { host: hostname, port, signal };
    const secured = isTls
      ? connectTls({
          ...(/[a-z]/i.test(hostname) && !hostname.includes(':') ? { servername: hostname } : {}),
          ...tls,
          ...address,
          ALPNProtocols: ['h2', 'http/1.1'],
          rejectUnauthorized: false,
        })
      : undefined;
    const socket = secured ?? connect(address, ask);
    socket.once('connect', () => (isOpen = true));
    secured?.once('secureConnect', () => {
      if (secured.alpnProtocol) seen.protocol = secured.alpnProtocol === 'h2' ? 'http2' : 'http';
      const error = secured.authorizationError as (Error & { code?: string }) | string | undefined;
      if (!secured.authorized && error) seen.untrusted = reasonOf(error);
      ask();
    });
    socket.on('data', (piece: Buffer) => {
      seen.bytes = Buffer.concat([seen.bytes, piece]);
      if (seen.bytes.byteLength >= 12) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (isOpen) seen.failure = error.code ?? error.message;
      else seen.refused = signal.aborted ? 'nothing came' : describeFailure(error).reason;
    });
    socket.on('close', () => resolve(seen));
  });
}

function reasonOf(error: (Error & { code?: string }) | string): string {
  return typeof error === 'string' ? error : (error.code ?? error.message);
}

/** The type of the frame that HTTP/2 begins with. Source: RFC 9113, 6.5. */
const settingsFrame = 4;

function protocolOf(bytes: Buffer): 'http' | 'http2' | undefined {
  if (bytes.subarray(0, 5).toString('latin1') === 'HTTP/') return 'http';
  return bytes.byteLength >= 9 && bytes[0] === 0 && bytes[3] === settingsFrame
    ? 'http2'
    : undefined;
}

/** Some servers that want TLS say so with this status. */
function isBadRequest(bytes: Buffer): boolean {
  return bytes.subarray(8, 12).toString('latin1') === ' 400';
}
