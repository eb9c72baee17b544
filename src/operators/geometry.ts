/** A place in a picture: x to the right, y down, whole numbers on the edges between pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Four corners, clockwise as seen on the screen. */
export type Quad = readonly [Point, Point, Point, Point];

/** A rectangle at any angle. */
export interface RotatedRectangle {
  readonly centre: Point;
  /** Unit vector along the width; the height runs along it turned clockwise by 90°. */
  readonly axis: Point;
  readonly width: number;
  readonly height: number;
}

/**
 * The corners of the convex hull, clockwise on the screen, without points that lie on an edge
 * (Andrew's monotone chain, O(n log n)).
 */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = points
    .toSorted((a, b) => a.x - b.x || a.y - b.y)
    .filter((point, index, all) => point.x !== all[index - 1]?.x || point.y !== all[index - 1]?.y);
  if (sorted.length <= 1) return sorted;
  const upper = halfHull(sorted);
  const lower = halfHull(sorted.reverse());
  // Each half ends where the other begins.
  return [...upper.slice(0, -1), ...lower.slice(0, -1)];
}

function halfHull(sorted: readonly Point[]): Point[] {
  const chain: Point[] = [];
  for (const point of sorted) {
    while (chain.length >= 2) {
      const [before, last] = [chain.at(-2), chain.at(-1)];
      if (before === undefined || last === undefined || turn(before, last, point) > 0) break;
      chain.pop();
    }
    chain.push(point);
  }
  return chain;
}

/** Above zero when the way a → b → c bends clockwise on the screen. */
function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/**
 * The smallest rectangle around a convex hull. One of its sides lies on an edge of the hull, so
 * every edge is tried: O(n²), and the hull of a component of pixels has few corners.
 * @throws RangeError for an empty hull.
 */
export function minimumAreaRectangle(hull: readonly Point[]): RotatedRectangle {
  const first = hull[0];
  if (first === undefined) throw new RangeError('minimumAreaRectangle: the hull has no points.');
  let best = rectangleAlong(hull, { x: 1, y: 0 });
  let from = hull.at(-1) ?? first;
  for (const to of hull) {
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length > 0) {
      const axis = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
      const candidate = rectangleAlong(hull, axis);
      if (candidate.width * candidate.height < best.width * best.height) best = candidate;
    }
    from = to;
  }
  return best;
}

/** The smallest rectangle around points whose width runs along a unit vector. */
function rectangleAlong(points: readonly Point[], axis: Point): RotatedRectangle {
  let [minAlong, maxAlong, minAcross, maxAcross] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    const along = x * axis.x + y * axis.y;
    const across = y * axis.x - x * axis.y;
    minAlong = Math.min(minAlong, along);
    maxAlong = Math.max(maxAlong, along);
    minAcross = Math.min(minAcross, across);
    maxAcross = Math.max(maxAcross, across);
  }
  const along = (minAlong + maxAlong) / 2;
  const across = (minAcross + maxAcross) / 2;
  return {
    centre: { x: along * axis.x - across * axis.y, y: along * axis.y + across * axis.x },
    axis,
    width: maxAlong - minAlong,
    height: maxAcross - minAcross,
  };
}

/** The corners of a rectangle, from the one before both its axes: top left when it is upright. */
export function rectangleCorners(rectangle: RotatedRectangle): Quad {
  const { centre, axis, width, height } = rectangle;
  const corner = (along: number, across: number): Point => ({
    x: centre.x + along * axis.x - across * axis.y,
    y: centre.y + along * axis.y + across * axis.x,
  });
  const [w, h] = [width / 2, height / 2];
  return [corner(-w, -h), corner(w, -h), corner(w, h), corner(-w, h)];
}

/** The same rectangle with its axis turned by a number of quarter turns clockwise. */
export function turnQuarters(rectangle: RotatedRectangle, quarters: number): RotatedRectangle {
  let { axis, width, height } = rectangle;
  for (let done = 0; done < quarters; done++) {
    axis = { x: -axis.y, y: axis.x };
    [width, height] = [height, width];
  }
  return { centre: rectangle.centre, axis, width, height };
}
