import type { LoadProgress } from '../engine/load-frame.ts';

/**
 * Joins what several processes tell of one run: `onTick` is called when all have told, or one of
 * them a second time.
 */
export function createProgressMerger(
  processCount: number,
  onTick: (progress: LoadProgress) => void,
): (process: number, progress: LoadProgress) => void {
  const latest = new Map<number, LoadProgress>();
  const told = new Set<number>();
  let recent: number[] = [];
  const tell = (): void => {
    const parts = [...latest.values()];
    const sum = (of: (part: LoadProgress) => number): number =>
      parts.reduce((total, part) => total + of(part), 0);
    onTick({
      elapsedMs: Math.max(...parts.map(({ elapsedMs }) => elapsedMs)),
      totalMs: Math.max(...parts.map(({ totalMs }) => totalMs)),
      begunCount: sum(({ begunCount }) => begunCount),
      endedCount: sum(({ endedCount }) => endedCount),
      failedCount: sum(({ failedCount }) => failedCount),
      recentLatenciesMs: Float64Array.from(recent),
    });
    told.clear();
    recent = [];
  };
  return (process, progress) => {
    if (told.has(process)) tell();
    latest.set(process, progress);
    told.add(process);
    recent = recent.concat([...progress.recentLatenciesMs]);
    if (told.size === processCount) tell();
  };
}
