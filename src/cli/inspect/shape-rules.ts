import { type KnownShape, broadcast } from './known-shape.ts';
import {
  concatShape,
  depthToSpaceShape,
  flattenShape,
  gatherShape,
  padShape,
  reduceShape,
  reshapeShape,
  resizeShape,
  sliceShape,
  splitShape,
  squeezeShape,
  tileShape,
  transposeShape,
  unsqueezeShape,
} from './layout-shapes.ts';
import type { NodeFacts } from './node-facts.ts';
import { gemmShape, matMulShape } from './product-shapes.ts';
import { convShape, convTransposeShape, poolShape } from './window-shapes.ts';

type ShapeRule = (node: NodeFacts, output: number) => KnownShape | undefined;

/** Operators whose first output is as their first input. */
const sameShape = (
  'Abs BatchNormalization Cast Ceil Celu Clip Cos CumSum DequantizeLinear Dropout ' +
  'DynamicQuantizeLinear Elu Erf Exp FastGelu Floor Gelu GroupNormalization HardSigmoid ' +
  'HardSwish Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu Log ' +
  'LogSoftmax LpNormalization Mish Neg Not PRelu QuantizeLinear QuickGelu Reciprocal Relu ' +
  'RMSNormalization Round ScatterElements ScatterND Selu Sigmoid Sign Sin Softmax Softplus ' +
  'Softsign Sqrt Swish Tanh ThresholdedRelu Trilu'
).split(' ');

/** Operators that stretch their inputs to one shape. */
const elementWise = (
  'Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow Sub Sum ' +
  'Where Xor'
).split(' ');

const reductions = (
  'ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ' +
  'ReduceProd ReduceSum ReduceSumSquare'
).split(' ');

const first =
  (rule: (node: NodeFacts) => KnownShape | undefined): ShapeRule =>
  (node, output) =>
    output === 0 ? rule(node) : undefined;

function allInputs(node: NodeFacts): KnownShape | undefined {
  return broadcast(Array.from({ length: node.inputCount }, (_, input) => node.shape(input)));
}

function globalPoolShape(node: NodeFacts): KnownShape | undefined {
  return node.shape(0)?.map((size, axis) => (axis < 2 ? size : 1));
}

function constantShape(node: NodeFacts): KnownShape | undefined {
  const tensor = node.tensor('value');
  if (tensor !== undefined) return tensor.dims;
  const list = ['value_ints', 'value_floats', 'value_strings'].map(node.attribute).find(Boolean);
  if (list !== undefined) return 'values' in list ? [list.values.length] : undefined;
  const isScalar = ['value_int', 'value_float', 'value_string'].some(node.attribute);
  return isScalar ? [] : undefined;
}

function shapeShape(node: NodeFacts): KnownShape | undefined {
  const input = node.shape(0);
  return input && [input.slice(node.int('start') ?? 0, node.int('end') ?? input.length).length];
}

/** The shape of a node's output by its operator. Source: ONNX's operator documentation. */
export const shapeRules: ReadonlyMap<string, ShapeRule> = new Map<string, ShapeRule>([
  ...sameShape.map((name) => [name, first((node) => node.shape(0))] as const),
  ...elementWise.map((name) => [name, first(allInputs)] as const),
  ...reductions.map((name) => [name, first(reduceShape)] as const),
  ...Object.entries({
    AveragePool: first(poolShape),
    Concat: first(concatShape),
    Constant: first(constantShape),
    ConstantOfShape: first((node) => node.value(0)?.elements),
    Conv: first((node) => convShape(node, 1)),
    ConvInteger: first((node) => convShape(node, 1)),
    ConvTranspose: first(convTransposeShape),
    DepthToSpace: first(depthToSpaceShape),
    Expand: first((node) => broadcast([node.shape(0), node.value(1)?.elements])),
    Flatten: first(flattenShape),
    Gather: first(gatherShape),
    GatherElements: first((node) => node.shape(1)),
    Gemm: first(gemmShape),
    GlobalAveragePool: first(globalPoolShape),
    GlobalMaxPool: first(globalPoolShape),
    LpPool: first(poolShape),
    MatMul: first((node) => matMulShape(node, 1)),
    MatMulInteger: first((node) => matMulShape(node, 1)),
    MaxPool: first(poolShape),
    Pad: first(padShape),
    QLinearConv: first((node) => convShape(node, 3)),
    QLinearMatMul: first((node) => matMulShape(node, 3)),
    Reshape: first(reshapeShape),
    Resize: first(resizeShape),
    Shape: first(shapeShape),
    Size: first(() => []),
    Slice: first(sliceShape),
    SpaceToDepth: first(depthToSpaceShape),
    Split: splitShape,
    Squeeze: first(squeezeShape),
    Tile: first(tileShape),
    Transpose: first(transposeShape),
    Unsqueeze: first(unsqueezeShape),
    Upsample: first(resizeShape),
  } satisfies Record<string, ShapeRule>),
]);
