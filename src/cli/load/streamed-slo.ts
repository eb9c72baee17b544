import { invalidArgument } from '../../core/error.ts';
import { type Slo, formatClause } from '../../core/slo.ts';
import { type CommonOptions, type LoadProtocol, protocolOf } from './common-options.ts';

/** The protocols whose answers come token by token. */
const streamedProtocols: readonly LoadProtocol[] = ['chat', 'completions'];

/**
 * Makes sure that the answers will have the times that an SLO is about: without tokens that come
 * one by one, no request could keep to such a limit.
 * @throws HeadwayError `invalid_argument` that names the clause and the protocols that have it.
 */
export function checkSloProtocol(slo: Slo | undefined, url: string, options: CommonOptions): void {
  const clause = slo?.latency.find(({ metric }) => metric !== 'latency');
  if (clause === undefined) return;
  const protocol = protocolOf(url, options);
  if (streamedProtocols.includes(protocol)) return;
  throw invalidArgument(
    `The SLO's clause '${formatClause(clause)}' is about the tokens of streamed answers, and those of the protocol '${protocol}' are not streamed. Ask with --protocol ${streamedProtocols.join(' or --protocol ')}, or bound the whole answer, as in p99=100ms.`,
  );
}
