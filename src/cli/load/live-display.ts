import { quantileOfSorted } from '../../core/statistics/quantile.ts';
import type { LoadProgress } from '../../loadgen/engine/load-frame.ts';
import type { CliContext } from '../context.ts';

/** Shows how a run goes. */
export interface LiveDisplay {
  update(label: string, progress: LoadProgress): void;
  /** Ends the run's line, before anything else is written. */
  finish(): void;
}

type DisplayContext = Pick<CliContext, 'stderr' | 'env' | 'clock'>;

const clearLine = '\r\u001b[K';

/** Between plain lines, at least: those of a long run fit on a screen, and a short one has none. */
const plainLineMs = 10_000;

/**
 * Makes a display on standard error: a line in place on a terminal, which goes away again;
 * elsewhere, as in a log, a plain line every ten seconds.
 */
export function createLiveDisplay(context: DisplayContext): LiveDisplay {
  const isTerminal = context.stderr.isTTY === true && context.env['TERM'] !== 'dumb';
  return isTerminal ? createLiveLine(context) : createPlainLines(context);
}

function createLiveLine({ stderr }: DisplayContext): LiveDisplay {
  let before: Shown | undefined;
  return {
    update(label, progress) {
      const line = liveText(label, progress, before);
      stderr.write(`${clearLine}${line.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
      before = progress;
    },
    finish() {
      if (before !== undefined) stderr.write(clearLine);
      before = undefined;
    },
  };
}

function createPlainLines({ stderr, clock }: DisplayContext): LiveDisplay {
  let shownMs = clock.nowMs();
  let before: Shown | undefined;
  let latenciesMs: number[] = [];
  return {
    update(label, progress) {
      for (const latencyMs of progress.recentLatenciesMs) latenciesMs.push(latencyMs);
      const nowMs = clock.nowMs();
      if (nowMs - shownMs < plainLineMs) return;
      const recentLatenciesMs = Float64Array.from(latenciesMs);
      stderr.write(`${liveText(label, { ...progress, recentLatenciesMs }, before)}\n`);
      shownMs = nowMs;
      before = progress;
      latenciesMs = [];
    },
    finish() {
      before = undefined;
      latenciesMs = [];
    },
  };
}

/** How the run stood when its line was last shown. */
type Shown = Pick<LoadProgress, 'elapsedMs' | 'endedCount'>;

/** @param before what rates are counted from; the run's beginning when it was not shown before. */
function liveText(
  label: string,
  { elapsedMs, totalMs, endedCount, failedCount, recentLatenciesMs }: LoadProgress,
  before: Shown = { elapsedMs: 0, endedCount: 0 },
): string {
  const sinceMs = elapsedMs - before.elapsedMs;
  const rate = sinceMs > 0 ? ((endedCount - before.endedCount) * 1_000) / sinceMs : 0;
  const sorted = recentLatenciesMs.toSorted();
  const quantile = (share: number): string =>
    sorted.length === 0 ? '–' : quantileOfSorted(sorted, share).toFixed(1);
  const left = Math.max(0, Math.ceil((totalMs - elapsedMs) / 1_000));
  return `${label}  ${Math.round(rate)}/s  p50 ${quantile(0.5)} ms  p99 ${quantile(0.99)} ms  ${failedCount} errors  ${left} s left`;
}
