import { type OipClient, createOipGrpcClient, createOipHttpClient } from '../client/index.ts';
import { UsageError } from './usage-error.ts';

/** A server, and what it wants of who connects to it. */
export interface ServerAccess {
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** In PEM form, where the address has TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/**
 * A client of the Open Inference Protocol, over what the address names; nothing is opened yet.
 * @throws UsageError for an address that is none.
 */
export function openOipClient({ url, apiKey, tls }: ServerAccess): OipClient {
  try {
    return /^grpcs?:/.test(url)
      ? createOipGrpcClient({ url, apiKey, tls })
      : createOipHttpClient({ url, apiKey, agentOptions: tls });
  } catch {
    throw new UsageError(
      `'${url}' is no address of a server: write it as http://127.0.0.1:8000 or grpc://127.0.0.1:8001`,
    );
  }
}
