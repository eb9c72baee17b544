import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnnxDimension, OnnxModel } from '../../formats/onnx/model.ts';
import { type GraphBuilder, createGraphBuilder } from '../../testing/models/graph-builder.ts';
import { inferShapes } from './infer-shapes.ts';
import type { KnownShape } from './known-shape.ts';

const noSizes = new Map<string, number>();

/** The shape worked out for the last value of a graph whose input is FP32 of this shape. */
function shapeAfter(
  input: readonly OnnxDimension[],
  build: (builder: GraphBuilder, input: string) => string,
  sizes: ReadonlyMap<string, number> = noSizes,
): KnownShape | undefined {
  const builder = createGraphBuilder('test');
  const last = build(builder, builder.input('x', 'FP32', input));
  return inferShapes(builder.build().graph, { sizes }).shapes.get(last);
}

function floats(builder: GraphBuilder, dims: readonly number[]): string {
  const count = dims.reduce((product, size) => product * size, 1);
  return builder.constant('FP32', dims, new Float32Array(count));
}

function integers(builder: GraphBuilder, ...values: readonly number[]): string {
  return builder.constant('INT64', [values.length], BigInt64Array.from(values, BigInt));
}

test('inferShapes() slides windows over convolutions and pools', () => {
  const conv = (attributes: Record<string, number | readonly number[]>) =>
    shapeAfter([-1, 3, 17, 20], (builder, x) =>
      builder.node('Conv', [x, floats(builder, [8, 3, 3, 3])], { attributes }),
    );
  assert.deepEqual(conv({}), [1, 8, 15, 18]);
  assert.deepEqual(conv({ pads: [1, 1, 1, 1] }), [1, 8, 17, 20]);
  assert.deepEqual(conv({ strides: [2, 2], pads: [1, 1, 1, 1] }), [1, 8, 9, 10]);
  assert.deepEqual(conv({ dilations: [2, 2] }), [1, 8, 13, 16]);
  const pool = (attributes: Record<string, number | readonly number[]>) =>
    shapeAfter([1, 8, 112, 6], (builder, x) =>
      builder.node('MaxPool', [x], {
        attributes: { kernel_shape: [3, 3], strides: [2, 2], ...attributes },
      }),
    );
  assert.deepEqual(pool({ pads: [1, 1, 1, 1] }), [1, 8, 56, 3]);
  assert.deepEqual(pool({}), [1, 8, 55, 2]);
  assert.deepEqual(pool({ ceil_mode: 1 }), [1, 8, 56, 3]);
});

test('inferShapes() enlarges by transposed convolutions and resizing', () => {
  const transposed = shapeAfter([-1, 24, 10, 12], (builder, x) =>
    builder.node('ConvTranspose', [x, floats(builder, [24, 6, 2, 2])], {
      attributes: { strides: [2, 2] },
    }),
  );
  assert.deepEqual(transposed, [1, 6, 20, 24]);
  const resized = shapeAfter([-1, 3, 10, 12], (builder, x) =>
    builder.node('Resize', [x, '', builder.constant('FP32', [4], Float32Array.of(1, 1, 2, 0.5))]),
  );
  assert.deepEqual(resized, [1, 3, 20, 6]);
});

test('inferShapes() multiplies matrices and stretches what is added', () => {
  const product = shapeAfter([-1, 12, 40, 8], (builder, x) =>
    builder.node('MatMul', [x, floats(builder, [8, 5])]),
  );
  assert.deepEqual(product, [1, 12, 40, 5]);
  const vector = shapeAfter([7], (builder, x) =>
    builder.node('MatMul', [x, floats(builder, [7, 3])]),
  );
  assert.deepEqual(vector, [3]);
  const gemm = shapeAfter([-1, 8], (builder, x) =>
    builder.node('Gemm', [x, floats(builder, [5, 8])], { attributes: { transB: 1 } }),
  );
  assert.deepEqual(gemm, [1, 5]);
  const sum = shapeAfter([4, 1, 3], (builder, x) =>
    builder.node('Add', [x, floats(builder, [2, 1])]),
  );
  assert.deepEqual(sum, [4, 2, 3]);
});

test('inferShapes() follows a shape that the model calculates', () => {
  // The tail of a network that flattens height and width: shape, slice, concatenate, reshape.
  const reshaped = shapeAfter(
    [-1, 6, 4, 'width'],
    (builder, x) => {
      const shape = builder.node('Shape', [x]);
      const slice = [integers(builder, 0), integers(builder, 2), integers(builder, 0)];
      const head = builder.node('Slice', [shape, ...slice]);
      const target = builder.node('Concat', [head, integers(builder, -1)], {
        attributes: { axis: 0 },
      });
      return builder.node('Reshape', [x, target]);
    },
    new Map([['width', 5]]),
  );
  assert.deepEqual(reshaped, [1, 6, 20]);
});

test('inferShapes() leaves open what depends on a size that is not given', () => {
  const shape = (sizes: ReadonlyMap<string, number>) =>
    shapeAfter(
      [-1, 3, 'height', undefined],
      (builder, x) => builder.node('Conv', [x, floats(builder, [8, 3, 1, 1])], { output: 'y' }),
      sizes,
    );
  assert.deepEqual(shape(noSizes), [1, 8, undefined, undefined]);
  assert.deepEqual(
    shape(
      new Map([
        ['height', 9],
        ['x.3', 4],
      ]),
    ),
    [1, 8, 9, 4],
  );
});

test('inferShapes() lays out, drops and adds dimensions', () => {
  const after = (operator: string, attributes: Record<string, number | readonly number[]>) =>
    shapeAfter([2, 3, 1, 5], (builder, x) => builder.node(operator, [x], { attributes }));
  assert.deepEqual(after('Transpose', { perm: [0, 3, 1, 2] }), [2, 5, 3, 1]);
  assert.deepEqual(after('Flatten', { axis: 2 }), [6, 5]);
  assert.deepEqual(after('Squeeze', { axes: [2] }), [2, 3, 5]);
  assert.deepEqual(after('Unsqueeze', { axes: [0, -1] }), [1, 2, 3, 1, 5, 1]);
  assert.deepEqual(after('ReduceMean', { axes: [-1], keepdims: 0 }), [2, 3, 1]);
  assert.deepEqual(after('GlobalAveragePool', {}), [2, 3, 1, 1]);
  assert.deepEqual(after('ArgMax', { axis: 1 }), [2, 1, 1, 5]);
});

test('inferShapes() takes from the file what no rule tells', () => {
  const { graph } = withValueInfo(['batch', 'count', 7]);
  const { shapes } = inferShapes(graph, { sizes: new Map([['count', 2]]) });
  assert.deepEqual(shapes.get('y'), [1, 2, 7]);
  assert.deepEqual(shapes.get('z'), [1, 2, 7]);
});

function withValueInfo(shape: readonly OnnxDimension[]): OnnxModel {
  const builder = createGraphBuilder('test');
  const x = builder.input('x', 'FP32', [-1, 3]);
  builder.node('SomethingOfTheirs', [x], { output: 'y' });
  builder.node('Relu', ['y'], { output: 'z' });
  const model = builder.build();
  const valueInfo = [{ name: 'y', type: { kind: 'tensor', dataType: 1, shape } as const }];
  return { ...model, graph: { ...model.graph, valueInfo } };
}

test('inferShapes() is not led to make large lists', () => {
  const shape = shapeAfter([1, 4], (builder, x) => {
    const target = builder.input('target', 'INT64', [2 ** 40]);
    return builder.node('Reshape', [x, target]);
  });
  assert.equal(shape, undefined);
});
