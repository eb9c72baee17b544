import type { Datatype } from '../../core/datatype.ts';
import type { OnnxDimension, OnnxModel } from '../../formats/onnx/model.ts';
import { createGraphBuilder } from './graph-builder.ts';
import { createRandom, randomFloats } from './random.ts';

/** `sum = a + b`, each FP32 `[batch, elements]`. */
export function addModel({ elements = 64 }: { elements?: number } = {}): OnnxModel {
  const builder = createGraphBuilder('add');
  const shape = [-1, elements];
  const a = builder.input('a', 'FP32', shape);
  const b = builder.input('b', 'FP32', shape);
  builder.output(builder.node('Add', [a, b], { output: 'sum' }), 'FP32', shape);
  return builder.build();
}

/**
 * `output = input` for any datatype, BYTES included; -1 in the shape is the batch and a string is
 * the name of a size that may vary.
 */
export function identityModel(datatype: Datatype, shape: readonly OnnxDimension[]): OnnxModel {
  const builder = createGraphBuilder('identity');
  const input = builder.input('input', datatype, shape);
  builder.output(builder.node('Identity', [input], { output: 'output' }), datatype, shape);
  return builder.build();
}

/** `total[i]` is the sum of row i: FP32 `[batch, sequence]` to `[batch]`, any sequence length. */
export function rowSumModel(): OnnxModel {
  const builder = createGraphBuilder('row-sum');
  const values = builder.input('values', 'FP32', [-1, 'sequence']);
  const axes = builder.constant('INT64', [1], BigInt64Array.of(1n));
  const total = builder.node('ReduceSum', [values, axes], {
    output: 'total',
    attributes: { keepdims: 0 },
  });
  builder.output(total, 'FP32', [-1]);
  return builder.build();
}

/**
 * `value = table[index]` with the table 0, 10, 20 ...: INT64 `[batch]` to FP32 `[batch]`. An index
 * outside the table makes the run fail.
 */
export function lookupModel({ rows = 8 }: { rows?: number } = {}): OnnxModel {
  const builder = createGraphBuilder('lookup');
  const index = builder.input('index', 'INT64', [-1]);
  const entries = Float32Array.from({ length: rows }, (_, row) => row * 10);
  const table = builder.constant('FP32', [rows], entries);
  builder.output(builder.node('Gather', [table, index], { output: 'value' }), 'FP32', [-1]);
  return builder.build();
}

/** `product = row · weights`, FP32 `[batch, size]` both; element (i, j) of the weights is i·j + seed. */
export function denseModel({ size, seed = 0 }: { size: number; seed?: number }): OnnxModel {
  const builder = createGraphBuilder('dense');
  const row = builder.input('row', 'FP32', [-1, size]);
  const elements = new Float32Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) elements[i * size + j] = i * j + seed;
  }
  const weights = builder.constant('FP32', [size, size], elements);
  const product = builder.node('MatMul', [row, weights], { output: 'product' });
  builder.output(product, 'FP32', [-1, size]);
  return builder.build();
}

/**
 * `head` is the first `count` columns of `rows`: FP32 `[batch, 4]`, and INT64 `[batch]` whose first
 * element is taken. The file declares `head` as `[batch, 4]` and `negated`, its negation, likewise,
 * which holds for a count of 4 only.
 */
export function misdeclaredModel(): OnnxModel {
  const builder = createGraphBuilder('misdeclared');
  const rows = builder.input('rows', 'FP32', [-1, 4]);
  const counts = builder.input('count', 'INT64', [-1]);
  const constant = (value: bigint): string =>
    builder.constant('INT64', [1], BigInt64Array.of(value));
  const [zero, one] = [constant(0n), constant(1n)];
  const count = builder.node('Slice', [counts, zero, one, zero]);
  const head = builder.node('Slice', [rows, zero, count, one], { output: 'head' });
  builder.output(head, 'FP32', [-1, 4]);
  builder.output(builder.node('Neg', [head], { output: 'negated' }), 'FP32', [-1, 4]);
  return builder.build();
}

/**
 * FP32 `[batch, width]` to the same through `layers` matrix products that cost `width`² each and
 * cannot be folded; values stay in [-1, 1]. Its cost is a dial for tests that cancel runs.
 */
export function slowModel({
  width = 1024,
  layers = 200,
  seed = 1,
}: SlowModelOptions = {}): OnnxModel {
  const builder = createGraphBuilder('slow');
  let value = builder.input('input', 'FP32', [-1, width]);
  const weights = randomFloats(createRandom(seed), width * width, Math.sqrt(3 / width));
  const matrix = builder.constant('FP32', [width, width], weights);
  for (let layer = 0; layer < layers; layer += 1) {
    value = builder.node('Tanh', [builder.node('MatMul', [value, matrix])]);
  }
  builder.output(builder.node('Identity', [value], { output: 'output' }), 'FP32', [-1, width]);
  return builder.build();
}

export interface SlowModelOptions {
  readonly width?: number;
  readonly layers?: number;
  readonly seed?: number;
}
