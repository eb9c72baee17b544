import type { Schedule } from '../samples.ts';
import type { PlannedLoad } from './messages.ts';

/** Shares a load between processes: of a schedule, each gets every n-th request. */
export function splitLoad(load: PlannedLoad, count: number): readonly PlannedLoad[] {
  const parts = Array.from({ length: count }, (_, part) => part);
  if (load.kind === 'open') {
    return parts.map((part) => ({
      kind: 'open',
      schedule: takeEvery(load.schedule, part, count),
    }));
  }
  const { concurrency, ...times } = load.loop;
  return parts.map((part) => ({
    kind: 'closed',
    loop: {
      ...times,
      concurrency: shareOf(concurrency, part, count),
    },
  }));
}

function takeEvery(schedule: Schedule, first: number, step: number): Schedule {
  const { intendedMs, inputs } = schedule;
  const length = shareOf(intendedMs.length, first, step);
  const rows = Uint32Array.from({ length }, (_, index) => first + index * step);
  return {
    ...schedule,
    intendedMs: Float64Array.from(rows, (row) => intendedMs[row] ?? 0),
    inputs: inputs === undefined ? rows : rows.map((row) => inputs[row] ?? 0),
  };
}

/** The parts differ by one at most, the first ones being larger. */
function shareOf(whole: number, part: number, count: number): number {
  return Math.floor(whole / count) + (part < whole % count ? 1 : 0);
}
