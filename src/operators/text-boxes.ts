import { type Run, type ScoreMap, connectedRuns } from './connected-runs.ts';
import {
  type Point,
  type Quad,
  type RotatedRectangle,
  convexHull,
  minimumAreaRectangle,
  rectangleCorners,
  turnQuarters,
} from './geometry.ts';
import type { ImageSize } from './resize-image.ts';

/** A piece of text a detector found. */
export interface TextBox {
  /** Corners in the picture's pixels, clockwise, from the one where the text begins at its top. */
  readonly corners: Quad;
  /** Mean probability of its pixels, from 0 to 1. */
  readonly score: number;
}

/** How probabilities become boxes. The defaults are those PP-OCR publishes for its detector. */
export interface TextBoxOptions {
  /** A pixel counts as text above this; 0.3 by default. */
  readonly pixelThreshold?: number;
  /** A region is kept from this mean probability on; 0.6 by default. */
  readonly boxThreshold?: number;
  /** How far boxes grow: the distance is area · ratio / perimeter; 1.5 by default. */
  readonly growRatio?: number;
  /** A box whose shorter side is below this many map pixels before growing is dropped; 3 by default. */
  readonly minSide?: number;
  /** The most boxes kept, the best scored; 1000 by default. */
  readonly maxCount?: number;
}

const defaults = {
  pixelThreshold: 0.3,
  boxThreshold: 0.6,
  growRatio: 1.5,
  minSide: 3,
  maxCount: 1000,
} as const;

/**
 * Boxes from the probability map of a text detector with differentiable binarization. Such a
 * detector is trained on shrunken text regions, so every box is grown back.
 *
 * Source: Liao et al., "Real-time Scene Text Detection with Differentiable Binarization", 2020.
 * @param map probabilities from 0 to 1; of any size, its sides standing for those of the picture.
 * @param image the size of the picture the boxes are wanted for.
 * @returns boxes in no particular order; see `sortInReadingOrder`.
 */
export function findTextBoxes(
  map: ScoreMap,
  image: ImageSize,
  options: TextBoxOptions = {},
): TextBox[] {
  const { pixelThreshold, boxThreshold, growRatio, minSide, maxCount } = {
    ...defaults,
    ...options,
  };
  const boxes: TextBox[] = [];
  for (const region of connectedRuns(map, pixelThreshold)) {
    const rectangle = minimumAreaRectangle(convexHull(rowCorners(region)));
    if (Math.min(rectangle.width, rectangle.height) < minSide) continue;
    const score = meanScore(map, region);
    if (score < boxThreshold) continue;
    const corners = rectangleCorners(turnToReading(grow(rectangle, growRatio)));
    boxes.push({ corners: scaleQuad(corners, map, image), score });
  }
  if (boxes.length <= maxCount) return boxes;
  return boxes.sort((a, b) => b.score - a.score).slice(0, maxCount);
}

/** The outer corners of a region's rows: their hull is the hull of the region. */
function rowCorners(region: readonly Run[]): Point[] {
  const corners: Point[] = [];
  for (const [index, { y, start, end }] of region.entries()) {
    if (region[index - 1]?.y !== y) corners.push({ x: start, y }, { x: start, y: y + 1 });
    if (region[index + 1]?.y !== y) corners.push({ x: end, y }, { x: end, y: y + 1 });
  }
  return corners;
}

/** The mean of the map over a region. */
function meanScore(map: ScoreMap, region: readonly Run[]): number {
  let sum = 0;
  let count = 0;
  for (const { y, start, end } of region) {
    const row = y * map.width;
    for (let index = row + start; index < row + end; index++) sum += map.values[index] ?? 0;
    count += end - start;
  }
  return sum / count;
}

function grow(rectangle: RotatedRectangle, ratio: number): RotatedRectangle {
  const { width, height } = rectangle;
  const distance = (width * height * ratio) / (2 * (width + height));
  return { ...rectangle, width: width + 2 * distance, height: height + 2 * distance };
}

/** A box this much longer than high is taken to hold more than one character. */
const lineAspect = 1.5;

/** A line whose direction has less than this of the horizontal in it counts as vertical. */
const verticalCosine = 0.2;

/**
 * Turns a rectangle so that its width runs the way its text is read: along the longer side, from
 * the left, or downwards when it is vertical. A squarish one is taken as nearest to upright.
 */
function turnToReading(rectangle: RotatedRectangle): RotatedRectangle {
  const isLine =
    Math.max(rectangle.width, rectangle.height) >=
    lineAspect * Math.min(rectangle.width, rectangle.height);
  if (!isLine) {
    const { x, y } = rectangle.axis;
    const quarter = Math.abs(x) >= Math.abs(y) ? (x > 0 ? 0 : 2) : y > 0 ? 3 : 1;
    return turnQuarters(rectangle, quarter);
  }
  const along = rectangle.width >= rectangle.height ? rectangle : turnQuarters(rectangle, 1);
  const { x, y } = along.axis;
  const isForward = Math.abs(x) < verticalCosine ? y > 0 : x > 0;
  return isForward ? along : turnQuarters(along, 2);
}

function scaleQuad(quad: Quad, map: ScoreMap, image: ImageSize): Quad {
  const scale = ({ x, y }: Point): Point => ({
    x: Math.min(image.width, Math.max(0, (x * image.width) / map.width)),
    y: Math.min(image.height, Math.max(0, (y * image.height) / map.height)),
  });
  return [scale(quad[0]), scale(quad[1]), scale(quad[2]), scale(quad[3])];
}
