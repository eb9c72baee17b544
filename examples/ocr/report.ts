import type { Point, Quad } from '../../src/operators/geometry.ts';
import type { Reading, TextLine } from './read-text.ts';
import type { ModelCall } from './served-models.ts';

/** The lines that say what was read: text, certainty, place. */
export function describeLines(lines: readonly TextLine[]): string[] {
  if (lines.length === 0) return [row('read', 'no text found')];
  const width = Math.max(...lines.map((line) => line.text.length));
  return lines.map(({ text, confidence, corners }, index) =>
    row(
      index === 0 ? 'read' : '',
      `${text.padEnd(width)}   ${(confidence * 100).toFixed(1)} %   ${formatCorners(corners)}`,
    ),
  );
}

/** A table of where the time of a reading went, in milliseconds. */
export function describeTimings(reading: Reading, calls: readonly ModelCall[]): string[] {
  const { decodeMs, detectMs, cropMs, recognizeMs } = reading.timings;
  const totalMs = decodeMs + detectMs + cropMs + recognizeMs;
  const of = (model: ModelCall['model']): ModelCall[] =>
    calls.filter((call) => call.model === model);
  return [
    columns('', ['stage', 'HTTP', 'queue', 'model']),
    columns('decode', [format(decodeMs)]),
    columns('find', [format(detectMs), ...callCells(of('text-detector'))]),
    columns('crop', [format(cropMs)]),
    columns('recognise', [format(recognizeMs), ...callCells(of('text-recogniser'))]),
    columns('in all', [format(totalMs), '', '', 'ms']),
  ];
}

/** A line of the report: what, and its value. */
export function row(name: string, value: string): string {
  return `  ${name.padEnd(10)}${value}`;
}

/** The calls' time in the queue and in the model, and before those all the rest: HTTP both ways. */
function callCells(calls: readonly ModelCall[]): string[] {
  const sum = (pick: (call: ModelCall) => number): number =>
    calls.reduce((total, call) => total + pick(call), 0);
  const modelMs = sum((call) => call.modelMs);
  const queueMs = sum((call) => call.queueMs);
  return [sum((call) => call.roundTripMs) - modelMs - queueMs, queueMs, modelMs].map(format);
}

function columns(name: string, cells: readonly string[]): string {
  return row(name, cells.map((cell) => cell.padStart(9)).join('')).trimEnd();
}

function format(ms: number): string {
  return ms.toFixed(1);
}

function formatCorners(corners: Quad): string {
  const round = ({ x, y }: Point): string => `${Math.round(x)},${Math.round(y)}`;
  return corners.map(round).join(' ');
}
