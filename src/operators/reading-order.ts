import type { Quad } from './geometry.ts';

interface PlacedBox<Box> {
  readonly box: Box;
  readonly left: number;
  readonly middle: number;
  /** The length of the shorter side: the height of the letters. */
  readonly thickness: number;
}

/**
 * Boxes as a page is read: lines from the top, and from the left within a line. Two boxes share a
 * line when their middles are closer than half the height of the thinner one.
 */
export function sortInReadingOrder<Box extends { readonly corners: Quad }>(
  boxes: readonly Box[],
): Box[] {
  const placed = boxes.map(placeBox).sort((a, b) => a.middle - b.middle || a.left - b.left);
  const lines: PlacedBox<Box>[][] = [];
  for (const next of placed) {
    const line = lines.at(-1);
    const last = line?.at(-1);
    const isSameLine =
      last !== undefined &&
      next.middle - last.middle < Math.min(next.thickness, last.thickness) / 2;
    if (isSameLine) line?.push(next);
    else lines.push([next]);
  }
  return lines.flatMap((line) => line.sort((a, b) => a.left - b.left).map(({ box }) => box));
}

function placeBox<Box extends { readonly corners: Quad }>(box: Box): PlacedBox<Box> {
  const [a, b, c, d] = box.corners;
  return {
    box,
    left: Math.min(a.x, b.x, c.x, d.x),
    middle: (a.y + b.y + c.y + d.y) / 4,
    thickness: Math.min(Math.hypot(b.x - a.x, b.y - a.y), Math.hypot(c.x - b.x, c.y - b.y)),
  };
}
