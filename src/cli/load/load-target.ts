import { HeadwayError } from '../../core/error.ts';
import type { PreparedRequest } from '../../loadgen/inputs/prepared-request.ts';
import type { ClientPlan } from '../../loadgen/process/messages.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { type CommonOptions, protocolOf } from './common-options.ts';
import type { TlsFiles } from './tls-files.ts';

/** What a target is opened with. */
export interface TargetOptions extends CommonOptions {
  readonly tls: TlsFiles;
}

/** A server and what it will be asked. */
export interface LoadTarget {
  /** What the server says of itself and of the model, for the record. */
  readonly server: object;
  /** What had to be assumed, for people. */
  readonly notes: readonly string[];
  readonly plan: ClientPlan;
  /** For the first request, where its answer is looked at more closely; `plan` when left out. */
  readonly firstPlan?: ClientPlan;
}

/**
 * Finds out what the model takes and prepares the requests.
 * @throws HeadwayError `unavailable` when nobody answers, `not_found` for an unknown model,
 * `invalid_argument` for inputs that do not fit.
 */
export async function openLoadTarget(
  context: CliContext,
  url: string,
  options: TargetOptions,
): Promise<LoadTarget> {
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

/** The model that must be named. @param known models that the server tells of. */
export function modelOf(
  { model, protocol = 'grpc' }: CommonOptions,
  known: readonly string[] = [],
): string {
  if (model !== undefined) return model;
  const names = known.length === 0 ? '' : `; it has: ${known.join(', ')}`;
  throw new UsageError(`--protocol ${protocol} asks a model: add --model NAME${names}.`);
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
