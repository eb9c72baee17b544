import { formatClause } from '../../core/slo.ts';
import type { ClauseLook } from './look.ts';
import type { ClauseFinding, Verdict } from './verdict.ts';

/** What proves a clause. */
export function describeUpper(found: ClauseFinding): string {
  return `${head(found)} at most ${percent(found.missShareUpper)} miss it, and ${percent(found.allowedMissShare)} may`;
}

/** What refutes a clause; the misses of a server that is refuted by its growth alone are no steady share. */
export function describeRefuted(
  { found, isGrowing, isOverloaded }: ClauseLook,
  byGrowth: boolean,
): string {
  const isBeyond = isGrowing || isOverloaded;
  const why = isBeyond ? 'the load is beyond the server, latency grew all along; ' : '';
  const bound = byGrowth ? found.binomialLower : found.missShareLower;
  return `${why}${head(found)} at least ${percent(bound)} miss it, and ${percent(found.allowedMissShare)} may`;
}

/** What is known of a clause that is not decided. */
export function describeOpen({ found, isRising }: ClauseLook): string {
  const rise = isRising
    ? `latency is still rising, and would reach the limit of ${formatClause(found.clause)} within the time planned; `
    : '';
  return `${rise}${head(found)} between ${percent(found.missShareLower)} and ${percent(found.missShareUpper)} miss it, and ${percent(found.allowedMissShare)} may`;
}

/** What would decide an open verdict; `undefined` where that is not known. */
export function describeNeed(verdict: Verdict): string | undefined {
  if (verdict.kind !== 'notEnoughData') return undefined;
  if (verdict.isRising) {
    return 'more of the same does not prove it: find what grows (a queue, a cache, memory), or let it settle in a longer --warmup';
  }
  return verdict.secondsNeeded === undefined
    ? undefined
    : `about ${Math.ceil(verdict.secondsNeeded)} s more are needed if it goes on like this`;
}

function head({ clause, missCount, requestCount }: ClauseFinding): string {
  return `${formatClause(clause)}: ${missCount} of ${requestCount} missed;`;
}

/** A share in words, with three digits. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
