import { cropQuad, quadSize } from '../../src/operators/crop-quad.ts';
import { decodeCtc } from '../../src/operators/ctc.ts';
import { decodeImage } from '../../src/operators/decode-image.ts';
import type { Quad } from '../../src/operators/geometry.ts';
import type { RgbImage } from '../../src/operators/image.ts';
import { type PixelNormalization, writeNormalized } from '../../src/operators/normalize-image.ts';
import { sortInReadingOrder } from '../../src/operators/reading-order.ts';
import { fitToMultiple, resizeImage } from '../../src/operators/resize-image.ts';
import { type TextBox, findTextBoxes } from '../../src/operators/text-boxes.ts';

/** A tensor of 32-bit floats. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The two models of the reader. */
export interface TextModels {
  /** Takes pictures [batch, 3, height, width], gives probabilities [batch, 1, height, width]. */
  detect(pictures: FloatTensor): Promise<FloatTensor>;
  /** Takes lines [batch, 3, 48, width], gives probabilities [batch, steps, classes]. */
  recognize(lines: FloatTensor): Promise<FloatTensor>;
  /** The text of each class of the recogniser. */
  readonly characters: readonly string[];
}

/** A line of text in a picture. */
export interface TextLine {
  readonly text: string;
  /** Mean probability of the characters, from 0 to 1. */
  readonly confidence: number;
  /** Corners in the picture's pixels, clockwise from where the text begins. */
  readonly corners: Quad;
}

/** How long the stages of one reading took, in milliseconds. */
export interface ReadingTimings {
  readonly decodeMs: number;
  readonly detectMs: number;
  readonly cropMs: number;
  readonly recognizeMs: number;
}

export interface Reading {
  readonly lines: readonly TextLine[];
  readonly timings: ReadingTimings;
}

const detectorPixels: PixelNormalization = {
  order: 'bgr',
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

const recognizerPixels: PixelNormalization = {
  order: 'bgr',
  mean: [0.5, 0.5, 0.5],
  deviation: [0.5, 0.5, 0.5],
};

const lineHeight = 48;
/** The width the recogniser was trained at; narrower lines are padded up to it. */
const minLineWidth = 320;
/** A line longer than this is squeezed. */
const maxLineWidth = 2048;
const maxLinesPerBatch = 8;
/** Below this a box most likely held no text. */
const minConfidence = 0.5;

/**
 * Reads the text in a picture: finds the lines, cuts them out upright, and recognises them in
 * batches of lines of similar length.
 * @param file the bytes of a JPEG, PNG or WebP file.
 * @throws HeadwayError `invalid_argument` for a file that is no such picture, or what the models throw.
 */
export async function readText(file: Uint8Array, models: TextModels): Promise<Reading> {
  const startMs = performance.now();
  const image = await decodeImage(file);
  const decodedMs = performance.now();
  const boxes = sortInReadingOrder(await detectBoxes(image, models));
  const detectedMs = performance.now();
  const crops = boxes.map((box) => cropLine(image, box));
  const croppedMs = performance.now();
  const texts = await recognizeLines(crops, models);
  const lines = boxes.flatMap(({ corners }, index) => {
    const read = texts[index];
    const text = read?.text.trim() ?? '';
    if (read === undefined || text === '' || read.confidence < minConfidence) return [];
    return [{ ...read, text, corners }];
  });
  const timings = {
    decodeMs: decodedMs - startMs,
    detectMs: detectedMs - decodedMs,
    cropMs: croppedMs - detectedMs,
    recognizeMs: performance.now() - croppedMs,
  };
  return { lines, timings };
}

async function detectBoxes(image: RgbImage, models: TextModels): Promise<TextBox[]> {
  const size = fitToMultiple(image, { maxSide: 960, multiple: 32 });
  const values = new Float32Array(3 * size.width * size.height);
  const place = { tensor: values, tensorWidth: size.width, batchIndex: 0 };
  writeNormalized(await resizeImage(image, size), detectorPixels, place);
  const found = await models.detect({ shape: [1, 3, size.height, size.width], values });
  return findTextBoxes({ ...size, values: found.values }, image);
}

function cropLine(image: RgbImage, box: TextBox): RgbImage {
  const { width, height } = quadSize(box.corners);
  const scaled = Math.ceil((width * lineHeight) / Math.max(1, height));
  return cropQuad(image, box.corners, {
    width: Math.min(maxLineWidth, Math.max(1, scaled)),
    height: lineHeight,
  });
}

async function recognizeLines(
  crops: readonly RgbImage[],
  models: TextModels,
): Promise<{ text: string; confidence: number }[]> {
  // Lines of similar length share a batch, so that little of it is padding.
  const byWidth = [...crops.keys()].sort((a, b) => widthOf(crops, a) - widthOf(crops, b));
  const texts: { text: string; confidence: number }[] = [];
  for (let start = 0; start < byWidth.length; start += maxLinesPerBatch) {
    const members = byWidth.slice(start, start + maxLinesPerBatch);
    const scores = await models.recognize(lineBatch(members.map((index) => crops[index])));
    const [, steps = 0, classCount = 0] = scores.shape;
    const itemSize = steps * classCount;
    for (const [item, index] of members.entries()) {
      const values = scores.values.subarray(item * itemSize, (item + 1) * itemSize);
      texts[index] = decodeCtc({ values, classCount }, models.characters);
    }
  }
  return texts;
}

function widthOf(crops: readonly RgbImage[], index: number): number {
  return crops[index]?.width ?? 0;
}

/** Lines side by side as one tensor, each padded on the right with grey, which normalises to 0. */
function lineBatch(lines: readonly (RgbImage | undefined)[]): FloatTensor {
  const width = Math.max(minLineWidth, ...lines.map((line) => line?.width ?? 0));
  const tensor = new Float32Array(lines.length * 3 * lineHeight * width);
  for (const [batchIndex, line] of lines.entries()) {
    if (line === undefined) continue;
    writeNormalized(line, recognizerPixels, { tensor, tensorWidth: width, batchIndex });
  }
  return { shape: [lines.length, 3, lineHeight, width], values: tensor };
}
