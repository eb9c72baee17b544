import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { LoadClient } from '../../loadgen/load-client.ts';
import type { PreparedRequest } from '../../loadgen/inputs/prepared-request.ts';
import type { ClientPlan } from '../../loadgen/process/messages.ts';
import type { CliContext } from '../context.ts';
import { type CommonOptions, protocolOf } from './common-options.ts';

/** A server and what it will be asked. */
export interface LoadTarget {
  /** What the server says of itself and of the model, for the record. */
  readonly server: object;
  /** What had to be assumed, for people. */
  readonly notes: readonly string[];
  /** For processes that send; `undefined` where only this one can. */
  readonly plan: ClientPlan | undefined;
  /** @param isFirst whether it is for the first request, whose answer is looked at whole. */
  openClient(isFirst: boolean): LoadClient;
}

/**
 * Finds out what the model takes and prepares the requests.
 * @throws HeadwayError `unavailable` when nobody answers, `not_found` for an unknown model,
 * `invalid_argument` for inputs that do not fit.
 */
export async function openLoadTarget(
  context: CliContext,
  url: string,
  options: CommonOptions,
): Promise<LoadTarget> {
  checkAddress(url);
  const protocol = protocolOf(url, options);
  try {
    switch (protocol) {
      case 'plain': {
        const { openPlainTarget } = await import('./plain-target.ts');
        return openPlainTarget(url, options);
      }
      case 'chat':
      case 'completions':
      case 'embeddings': {
        const { openOpenAiTarget } = await import('./openai-target.ts');
        return await openOpenAiTarget(context, url, { ...options, api: protocol });
      }
      default: {
        const { openOipTarget } = await import('./oip-target.ts');
        return await openOipTarget(context, url, { ...options, protocol });
      }
    }
  } catch (thrown) {
    if (thrown instanceof HeadwayError) throw thrown;
    throw new HeadwayError(
      'failed_precondition',
      `${url} does not answer as a server of the protocol '${protocol}' does. Is the address right? Say what it speaks with --protocol; nothing was measured.`,
      { cause: thrown },
    );
  }
}

function checkAddress(url: string): void {
  if (URL.canParse(url) && /^(?:https?|grpcs?):\/\/./.test(url)) return;
  throw invalidArgument(
    `'${url}' is no address to send load to: write it as http://127.0.0.1:8000, or as grpc://127.0.0.1:8001 with --model`,
  );
}

/** The model that must be named. */
export function modelOf({ model, protocol = 'grpc' }: CommonOptions): string {
  if (model !== undefined) return model;
  throw invalidArgument(`Say which model: --protocol ${protocol} needs --model NAME`);
}

export function withHeaders(
  request: PreparedRequest,
  headers: Readonly<Record<string, string>>,
): PreparedRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** The header that carries a key. */
export function bearer(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}
