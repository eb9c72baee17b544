import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import type { LoadProgress } from '../../loadgen/engine/load-frame.ts';
import type { CliContext } from '../context.ts';

/** Shows how a run goes, in place on a terminal; nowhere else. */
export interface LiveDisplay {
  update(label: string, progress: LoadProgress): void;
  /** Takes the line away again. */
  finish(): void;
}

const clearLine = '\r\u001b[K';

export function createLiveDisplay({
  stderr,
  env,
}: Pick<CliContext, 'stderr' | 'env'>): LiveDisplay {
  const isTerminal = stderr.isTTY === true && env['TERM'] !== 'dumb';
  let last: { readonly elapsedMs: number; readonly endedCount: number } | undefined;
  return {
    update(label, progress) {
      if (!isTerminal) return;
      const { elapsedMs, endedCount } = progress;
      const before = last ?? { elapsedMs: 0, endedCount: 0 };
      last = { elapsedMs, endedCount };
      const rate = ((endedCount - before.endedCount) * 1_000) / (elapsedMs - before.elapsedMs);
      const line = `${label}  ${liveText(progress, rate)}`;
      stderr.write(`${clearLine}${line.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
    },
    finish() {
      if (isTerminal && last !== undefined) stderr.write(clearLine);
      last = undefined;
    },
  };
}

function liveText(progress: LoadProgress, rate: number): string {
  const { elapsedMs, totalMs, failedCount, recentLatenciesMs } = progress;
  const sorted = recentLatenciesMs.toSorted();
  const quantile = (share: number): string =>
    sorted.length === 0 ? '–' : quantileOfSorted(sorted, share).toFixed(1);
  const left = Math.max(0, Math.ceil((totalMs - elapsedMs) / 1_000));
  return `${Math.round(rate)}/s  p50 ${quantile(0.5)} ms  p99 ${quantile(0.99)} ms  ${failedCount} errors  ${left} s left`;
}
