import type { Point, Quad } from './geometry.ts';
import type { RgbImage } from './image.ts';
import type { ImageSize } from './resize-image.ts';

/** How long the sides of a quadrilateral are: the longer of each opposite pair. */
export function quadSize(quad: Quad): ImageSize {
  const [a, b, c, d] = quad;
  return {
    width: Math.max(distance(a, b), distance(d, c)),
    height: Math.max(distance(a, d), distance(b, c)),
  };
}

/**
 * Cuts a quadrilateral out of a picture and straightens it to an upright one of the given size.
 * Perspective is undone; what lies outside the picture repeats its border. Several samples a pixel
 * are averaged when the piece shrinks, so that thin strokes survive.
 * @param quad corners clockwise, the first one becoming the top left.
 */
export function cropQuad(image: RgbImage, quad: Quad, size: ImageSize): RgbImage {
  const { width, height } = size;
  const source = quadSize(quad);
  const across = sampleCount(source.width / width);
  const down = sampleCount(source.height / height);
  const addRow = createRowSampler(image, quad, across);
  const data = new Uint8Array(width * height * 3);
  const sums = new Float32Array(width * 3);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let j = 0; j < down; j++) addRow((y + (j + 0.5) / down) / height, sums);
    const offset = y * width * 3;
    for (let i = 0; i < sums.length; i++) data[offset + i] = (sums[i] ?? 0) / (across * down) + 0.5;
  }
  return { width, height, data };
}

/** More samples than this a side would cost more than the sharpness they bring. */
const maxSampleCount = 4;

function sampleCount(shrink: number): number {
  return Math.min(maxSampleCount, Math.max(1, Math.round(shrink)));
}

/** Adds bilinear samples along one row of the result to the sums of its bytes. */
type AddRow = (v: number, sums: Float32Array) => void;

function createRowSampler(image: RgbImage, quad: Quad, samplesPerPixel: number): AddRow {
  const { width, height, data } = image;
  const { a, b, c, d, e, f, g, h } = unitSquareTo(quad);
  return (v, sums) => {
    const count = (sums.length / 3) * samplesPerPixel;
    for (let i = 0; i < count; i++) {
      const u = (i + 0.5) / count;
      const w = 1 / (g * u + h * v + 1);
      const x = Math.min(width - 1, Math.max(0, (a * u + b * v + c) * w - 0.5));
      const y = Math.min(height - 1, Math.max(0, (d * u + e * v + f) * w - 0.5));
      const left = Math.trunc(x);
      const top = Math.trunc(y);
      const right = x - left;
      const below = y - top;
      const topLeft = (top * width + left) * 3;
      const stepX = left + 1 < width ? 3 : 0;
      const stepY = top + 1 < height ? width * 3 : 0;
      const to = Math.trunc(i / samplesPerPixel) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const at = topLeft + channel;
        const upper = mix(data[at] ?? 0, data[at + stepX] ?? 0, right);
        const lower = mix(data[at + stepY] ?? 0, data[at + stepY + stepX] ?? 0, right);
        sums[to + channel] = (sums[to + channel] ?? 0) + mix(upper, lower, below);
      }
    }
  };
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** `x = (a·u + b·v + c) / (g·u + h·v + 1)`, `y = (d·u + e·v + f) / (g·u + h·v + 1)`. */
interface Projection {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
  readonly g: number;
  readonly h: number;
}

/**
 * The projection that carries the unit square to a quadrilateral, in closed form.
 *
 * Source: Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
 */
function unitSquareTo(quad: Quad): Projection {
  const [p0, p1, p2, p3] = quad;
  const sx = p0.x - p1.x + p2.x - p3.x;
  const sy = p0.y - p1.y + p2.y - p3.y;
  const [dx1, dy1, dx2, dy2] = [p1.x - p2.x, p1.y - p2.y, p3.x - p2.x, p3.y - p2.y];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = area === 0 ? 0 : (sx * dy2 - dx2 * sy) / area;
  const h = area === 0 ? 0 : (dx1 * sy - sx * dy1) / area;
  return {
    a: p1.x - p0.x + g * p1.x,
    b: p3.x - p0.x + h * p3.x,
    c: p0.x,
    d: p1.y - p0.y + g * p1.y,
    e: p3.y - p0.y + h * p3.y,
    f: p0.y,
    g,
    h,
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}
