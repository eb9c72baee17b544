import { elementCount, formatShape } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { argmax } from '../../operators/top-k.ts';
import type { Style } from '../style.ts';
import { formatTable, plainText } from '../text-table.ts';
import { type JsonElement, jsonElements, nestedJson } from '../../operators/inputs/json-tensor.ts';
import type { LatencySummary } from './latency.ts';
import { isFloat } from '../../core/element-access.ts';
import type { PredictionRun, PredictionTarget } from './target.ts';

/** A model's answer and how long it took. */
export interface Prediction {
  readonly target: Pick<PredictionTarget, 'model' | 'loadMs' | 'labels'>;
  readonly run: PredictionRun;
  /** Of the repetitions; `undefined` when there were none. */
  readonly latency: LatencySummary | undefined;
}

const shownValues = 6;
const shownItems = 8;
const maxClasses = 100_000;

/** A prediction as lines for people: the outputs, their first values, the likeliest classes. */
export function formatPrediction(prediction: Prediction, style: Style): string[] {
  const { target, run, latency } = prediction;
  const stages = run.stages.map(({ name, durationMs }) => `${name} ${formatMs(durationMs)}`);
  const rows = [...run.outputs].map(([name, tensor]) => [
    name,
    tensor.datatype,
    formatShape(tensor.shape),
    firstValues(tensor),
  ]);
  const classes = [...run.outputs].flatMap(([name, tensor]) =>
    classLines(name, tensor, target.labels.get(name) ?? []),
  );
  return [
    style.bold(plainText(target.model)),
    ...(target.loadMs === undefined ? [] : [`  loaded in ${formatMs(target.loadMs)} ms`]),
    `  answered in ${formatMs(run.durationMs)} ms${stages.length === 0 ? '' : ` (${stages.join(', ')})`}`,
    ...(latency === undefined ? [] : [`  ${latencyText(latency)}`]),
    '',
    style.bold('outputs'),
    ...formatTable(rows),
    ...(classes.length === 0 ? [] : ['', style.bold('highest of each item'), ...classes]),
  ];
}

/** A prediction whole, for `--json`. */
export function predictionJson({ target, run, latency }: Prediction): Record<string, unknown> {
  return {
    model: target.model,
    ...(target.loadMs === undefined ? {} : { loadMs: target.loadMs }),
    durationMs: run.durationMs,
    stagesMs: Object.fromEntries(run.stages.map(({ name, durationMs }) => [name, durationMs])),
    ...(latency === undefined ? {} : { latency }),
    outputs: Object.fromEntries(
      [...run.outputs].map(([name, tensor]) => [
        name,
        { datatype: tensor.datatype, shape: tensor.shape, data: nestedJson(tensor) },
      ]),
    ),
  };
}

function latencyText({ runs, minMs, p50Ms, p99Ms }: LatencySummary): string {
  return `of ${runs} more runs: min ${formatMs(minMs)} ms, p50 ${formatMs(p50Ms)} ms, p99 ${formatMs(p99Ms)} ms`;
}

function formatMs(durationMs: number): string {
  return durationMs < 10 ? durationMs.toFixed(3) : durationMs.toFixed(1);
}

function firstValues(tensor: Tensor): string {
  const values = jsonElements(tensor, 0, shownValues).map((element) =>
    tensor.datatype === 'BYTES' ? quoted(String(element)) : formatElement(element),
  );
  const more = (elementCount(tensor.shape) ?? 0) > shownValues ? ', …' : '';
  return `${values.join(', ')}${more}`;
}

function formatElement(element: JsonElement): string {
  if (typeof element === 'number' && !Number.isInteger(element)) {
    return String(Number(element.toPrecision(5)));
  }
  return String(element);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Outputs of floating-point `[batch, classes]` or `[classes]` look like scores of classes. */
function classLines(name: string, tensor: Tensor, labels: readonly string[]): string[] {
  const { shape, datatype } = tensor;
  const classCount = shape.at(-1) ?? 0;
  const isClassLike = shape.length === 2 || (shape.length === 1 && labels.length > 0);
  if (!isClassLike || !isFloat(datatype) || classCount < 2 || classCount > maxClasses) return [];
  const itemCount = shape.length === 2 ? (shape[0] ?? 0) : 1;
  const rows = Array.from({ length: Math.min(itemCount, shownItems) }, (_, item) => {
    const start = item * classCount;
    const scores = jsonElements(tensor, start, start + classCount).map(Number);
    const best = argmax(scores);
    const label = labels[best];
    const shownLabel = label === undefined ? '' : ` '${label}'`;
    return [name, `item ${item}`, `class ${best}${shownLabel}`, formatElement(scores[best] ?? NaN)];
  });
  const left = itemCount - rows.length;
  return [...formatTable(rows), ...(left > 0 ? [`  and ${left} more items`] : [])];
}
