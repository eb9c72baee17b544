import { createTransport } from '../../client/transport.ts';
import { type ErrorCode, HeadwayError } from '../../core/error.ts';
import { protocolOf } from './common-options.ts';
import { listModels } from './list-models.ts';
import type { TargetOptions } from './load-target.ts';
import { type AddressFinding, lookAtAddress } from './look-at-address.ts';

/** Failures that may come from asking in the wrong place. */
const doubtful: readonly ErrorCode[] = [
  'unavailable',
  'failed_precondition',
  'not_found',
  'internal',
  'unknown',
  'unimplemented',
];

/**
 * Looks at the address after the first request failed, for what is wrong with it and how to mend it.
 * @returns an error that says so, or what was thrown where the address is right.
 */
export async function explainFailure(
  url: string,
  options: TargetOptions,
  thrown: unknown,
): Promise<unknown> {
  if (!(thrown instanceof HeadwayError) || !doubtful.includes(thrown.code)) return thrown;
  const { protocol: scheme, hostname, port } = new URL(url.replace(/^grpc(s?):/, 'http$1:'));
  const finding = await lookAtAddress({
    // URL keeps the brackets of an IPv6 host, which a socket address has not.
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (scheme === 'https:' ? 443 : 80)),
    tls: options.tls,
  });
  const why = addressText(url, finding, options) ?? (await serviceText(url, options, thrown));
  if (why === undefined) return thrown;
  return new HeadwayError('unavailable', `No answer from ${url}: ${why} Nothing was measured.`, {
    cause: thrown,
  });
}

/** What is wrong with the scheme, the host or the port; `undefined` where those are right. */
function addressText(
  url: string,
  finding: AddressFinding,
  { cert }: TargetOptions,
): string | undefined {
  const [, scheme = '', rest = ''] = /^(\w+)(:.*)$/s.exec(url) ?? [];
  const hasTls = scheme.endsWith('s');
  switch (finding.kind) {
    case 'nobody':
      return `${finding.reason}. Start the server, or mend the host and port.`;
    case 'certificateWanted':
      if (!hasTls) return `it speaks TLS. Write ${scheme}s${rest} instead.`;
      return cert === undefined
        ? 'it wants a certificate of the client. Give one with --cert FILE and --key FILE.'
        : 'it does not take the certificate of --cert. Give one that its authority signed.';
    case 'speaks':
      return speechText({ scheme, rest }, finding);
    case 'unknown':
      return undefined;
    default:
      return finding satisfies never;
  }
}

function speechText(
  { scheme, rest }: { readonly scheme: string; readonly rest: string },
  { protocol, isTls, untrusted }: AddressFinding & { readonly kind: 'speaks' },
): string | undefined {
  const right = `${protocol === 'http2' ? 'grpc' : 'http'}${isTls ? 's' : ''}`;
  if (right === scheme) return trustText(untrusted);
  const what = `${protocol === 'http2' ? 'gRPC (HTTP/2)' : 'HTTP/1.1'} ${isTls ? 'with' : 'without'} TLS`;
  return `it speaks ${what}. Write ${right}${rest}, or name another port.`;
}

function trustText(untrusted: string | undefined): string | undefined {
  if (untrusted === undefined) return undefined;
  return untrusted.includes('ALTNAME')
    ? 'its certificate is of another name. Write the address with a name that is in it.'
    : `its certificate is not trusted (${untrusted}). Name the certificate of its authority with --ca FILE.`;
}

/** What is wrong with what was asked for there; `undefined` where nothing is known to be. */
async function serviceText(
  url: string,
  options: TargetOptions,
  { message }: HeadwayError,
): Promise<string | undefined> {
  const protocol = protocolOf(url, options);
  if (protocol === 'plain') {
    if (!message.includes('404')) return undefined;
    const names = await listModels({ ...options, url });
    return names.length === 0
      ? undefined
      : `it has nothing at this path, but it serves models. Add --model NAME; it has: ${names.join(', ')}.`;
  }
  if (protocol !== 'http' && protocol !== 'http-json') return undefined;
  const status = await statusOf(url, options);
  if (status === undefined || status < 400 || status === 401 || status === 403) return undefined;
  return `it speaks HTTP, but not the inference protocol (GET /v2 was answered with ${status}). Name the port for inference (8000 where Headway serves, and not 8002, that of metrics), say what it speaks with --protocol, or leave --model out to ask the URL itself.`;
}

async function statusOf(url: string, { apiKey, tls }: TargetOptions): Promise<number | undefined> {
  using transport = createTransport({ url, apiKey, agentOptions: tls });
  const signal = AbortSignal.timeout(2_000);
  const answer = transport.exchange({ method: 'GET', path: '/v2', signal });
  return await answer.then(({ status }) => status).catch(() => undefined);
}
