/** Points of a chart, by ascending `x`. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * Leaves points out where there are too many to draw. Of each stretch of equally many points the
 * lowest and the highest stay, so that no peak is lost; the first and the last point stay too.
 * @param most at least 4.
 */
export function thinPoints({ x, y }: Points, most: number): Points {
  if (x.length <= most) return { x, y };
  const stretches = Math.floor((most - 2) / 2);
  const kept = new Set([0, x.length - 1]);
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const from = Math.floor((stretch * x.length) / stretches);
    const to = Math.floor(((stretch + 1) * x.length) / stretches);
    let lowest = from;
    let highest = from;
    for (let place = from + 1; place < to; place += 1) {
      if ((y[place] ?? 0) < (y[lowest] ?? 0)) lowest = place;
      if ((y[place] ?? 0) > (y[highest] ?? 0)) highest = place;
    }
    kept.add(lowest).add(highest);
  }
  const places = [...kept].toSorted((a, b) => a - b);
  return { x: places.map((place) => x[place] ?? 0), y: places.map((place) => y[place] ?? 0) };
}
