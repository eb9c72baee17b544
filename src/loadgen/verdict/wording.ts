import { formatClause } from '../../core/slo.ts';
import type { ClauseFinding } from './verdict.ts';

/** What proves a clause. */
export function describeUpper(found: ClauseFinding): string {
  return `${head(found)} at most ${percent(found.missShareUpper)} miss it, and ${percent(found.allowedMissShare)} may`;
}

/** What refutes a clause; an overloaded server's misses are no steady share. */
export function describeLower(found: ClauseFinding, isOverloaded: boolean): string {
  const bound = isOverloaded ? found.binomialLower : found.missShareLower;
  return `${head(found)} at least ${percent(bound)} miss it, and ${percent(found.allowedMissShare)} may`;
}

/** What is known of a clause that is not decided. */
export function describeOpen(found: ClauseFinding): string {
  return `${head(found)} between ${percent(found.missShareLower)} and ${percent(found.missShareUpper)} miss it, and ${percent(found.allowedMissShare)} may`;
}

function head({ clause, missCount, requestCount }: ClauseFinding): string {
  return `${formatClause(clause)}: ${missCount} of ${requestCount} missed;`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
