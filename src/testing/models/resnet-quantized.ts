import { type GraphBuilder, createGraphBuilder } from './graph-builder.ts';
import { windowOf } from './resnet-float.ts';
import { type LayerWeights, createWeightSource } from './resnet-weights.ts';
import type { ResnetEmitter } from './resnet50.ts';

/** A tensor in 8 bits: its name, and the names of its scale and zero point. */
interface QuantizedValue {
  readonly name: string;
  readonly grid: readonly [string, string];
  readonly scale: number;
}

/**
 * The largest value a grid holds, by what it is for: what weights of any seed reach with pictures
 * of mean 0 and deviation 1, measured with the FP32 network.
 */
const reaches = { picture: 4, inside: 12, branch: 3.5, shortcut: 10, sum: 12 } as const;

const signedUses: ReadonlySet<string> = new Set(['picture', 'branch', 'shortcut']);

/**
 * Creates the writer of ResNet layers in QDQ form. Values after a ReLU are on a grid that starts
 * at zero, which is all there is of the ReLU.
 */
export function createQuantizedEmitter(seed: number): ResnetEmitter<QuantizedValue> {
  const builder = createGraphBuilder('resnet50-int8');
  const source = createWeightSource(seed);
  const quantize = (float: string, use: keyof typeof reaches): QuantizedValue => {
    const isSigned = signedUses.has(use);
    const scale = Math.fround((reaches[use] * (isSigned ? 2 : 1)) / 255);
    const grid = [
      builder.constant('FP32', [], Float32Array.of(scale)),
      builder.constant('UINT8', [], Uint8Array.of(isSigned ? 128 : 0)),
    ] as const;
    return { name: builder.node('QuantizeLinear', [float, ...grid]), grid, scale };
  };
  const dequantize = (value: QuantizedValue): string =>
    builder.node('DequantizeLinear', [value.name, ...value.grid]);
  /** For an operator that moves or averages elements: its result is on the grid of its input. */
  const requantize = (float: string, like: QuantizedValue): QuantizedValue => ({
    ...like,
    name: builder.node('QuantizeLinear', [float, ...like.grid]),
  });
  return {
    input: () => quantize(builder.input('input', 'FP32', [-1, 3, 224, 224]), 'picture'),
    convolution(value, spec) {
      const { inChannels, outChannels, kernel, stride, role } = spec;
      const dims = [outChannels, inChannels, kernel, kernel];
      const layer = dequantizedLayer(builder, source.convolution(spec), dims, value.scale);
      const output = builder.node('Conv', [dequantize(value), ...layer], {
        attributes: windowOf(kernel, stride),
      });
      return quantize(output, role);
    },
    maxPool(value) {
      const attributes = windowOf(3, 2);
      return requantize(builder.node('MaxPool', [dequantize(value)], { attributes }), value);
    },
    addRelu(value, shortcut) {
      const sum = builder.node('Add', [dequantize(value), dequantize(shortcut)]);
      return quantize(sum, 'sum');
    },
    classify(value, channels, classCount) {
      const layerWeights = source.linear(channels, classCount);
      const mean = builder.node('GlobalAveragePool', [dequantize(value)]);
      const pooled = requantize(mean, value);
      const flat = requantize(builder.node('Flatten', [dequantize(pooled)]), pooled);
      const layer = dequantizedLayer(builder, layerWeights, [classCount, channels], flat.scale);
      builder.node('Gemm', [dequantize(flat), ...layer], {
        attributes: { transB: 1 },
        output: 'logits',
      });
      builder.output('logits', 'FP32', [-1, classCount]);
    },
    build: () => builder.build(),
  };
}

/**
 * The names of weights and bias as an operator takes them. Weights are symmetric with a scale per
 * output channel; the bias is on the grid of the products.
 */
function dequantizedLayer(
  builder: GraphBuilder,
  { weights, bias }: LayerWeights,
  dims: readonly number[],
  inputScale: number,
): [string, string] {
  const channelCount = bias.length;
  const fanIn = weights.length / channelCount;
  const bytes = new Int8Array(weights.length);
  const scales = new Float32Array(channelCount);
  const biasScales = new Float32Array(channelCount);
  const steps = new Int32Array(channelCount);
  for (let channel = 0; channel < channelCount; channel += 1) {
    const start = channel * fanIn;
    let largest = 0;
    for (let index = start; index < start + fanIn; index += 1) {
      largest = Math.max(largest, Math.abs(weights[index] ?? 0));
    }
    const scale = Math.fround(largest / 127);
    for (let index = start; index < start + fanIn; index += 1) {
      bytes[index] = Math.round((weights[index] ?? 0) / scale);
    }
    const biasScale = Math.fround(scale * inputScale);
    scales[channel] = scale;
    biasScales[channel] = biasScale;
    steps[channel] = Math.round((bias[channel] ?? 0) / biasScale);
  }
  const perChannel = { attributes: { axis: 0 } };
  const zeros = builder.constant('INT8', [channelCount], new Int8Array(channelCount));
  return [
    builder.node(
      'DequantizeLinear',
      [
        builder.constant('INT8', dims, bytes),
        builder.constant('FP32', [channelCount], scales),
        zeros,
      ],
      perChannel,
    ),
    builder.node(
      'DequantizeLinear',
      [
        builder.constant('INT32', [channelCount], steps),
        builder.constant('FP32', [channelCount], biasScales),
      ],
      perChannel,
    ),
  ];
}
