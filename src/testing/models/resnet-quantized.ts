import { type GraphBuilder, createGraphBuilder } from './graph-builder.ts';
import { windowOf } from './resnet-float.ts';
import { type LayerWeights, createWeightSource } from './resnet-weights.ts';
import type { ResnetEmitter } from './resnet50.ts';

/** A tensor in 8 bits, and the mean square of its elements, for the scales of what follows. */
interface QuantizedValue {
  readonly name: string;
  /** The names of the scale and zero point, as the Q and DQ nodes take them. */
  readonly grid: readonly [string, string];
  readonly scale: number;
  readonly meanSquare: number;
}

/** How far the 256 steps reach, in deviations. Random activations hardly ever go beyond. */
const reachDeviations = 6;

/**
 * Creates the writer of ResNet layers in QDQ form. Scales come from how a network with random
 * weights spreads its activations, given pictures of mean square 1; ReLUs are the zero point of
 * the layer's own 8-bit grid.
 */
export function createQuantizedEmitter(seed: number): ResnetEmitter<QuantizedValue> {
  const builder = createGraphBuilder('resnet50-int8');
  const source = createWeightSource(seed);
  const quantize = (float: string, meanSquare: number, isSigned: boolean): QuantizedValue => {
    const reach = reachDeviations * Math.sqrt(meanSquare);
    const scale = Math.fround((isSigned ? 2 * reach : reach) / 255);
    const grid = [
      builder.constant('FP32', [], Float32Array.of(scale)),
      builder.constant('UINT8', [], Uint8Array.of(isSigned ? 128 : 0)),
    ] as const;
    const name = builder.node('QuantizeLinear', [float, ...grid]);
    return { name, grid, scale, meanSquare };
  };
  const dequantize = (value: QuantizedValue): string =>
    builder.node('DequantizeLinear', [value.name, ...value.grid]);
  /** For an operator that moves elements or averages them: its result is on the same grid. */
  const requantize = (float: string, like: QuantizedValue, meanSquare: number): QuantizedValue => ({
    ...like,
    name: builder.node('QuantizeLinear', [float, ...like.grid]),
    meanSquare,
  });
  return {
    input() {
      const input = builder.input('input', 'FP32', [-1, 3, 224, 224]);
      return quantize(input, 1, true);
    },
    convolution(value, spec) {
      const { inChannels, outChannels, kernel, stride, gain, hasRelu } = spec;
      const dims = [outChannels, inChannels, kernel, kernel];
      const layer = dequantizedLayer(builder, source.convolution(spec), dims, value.scale);
      const output = builder.node('Conv', [dequantize(value), ...layer], {
        attributes: windowOf(kernel, stride),
      });
      const meanSquare = 2 * gain ** 2 * value.meanSquare;
      return quantize(output, hasRelu ? meanSquare / 2 : meanSquare, !hasRelu);
    },
    maxPool(value) {
      const output = builder.node('MaxPool', [dequantize(value)], { attributes: windowOf(3, 2) });
      return requantize(output, value, 2.5 * value.meanSquare);
    },
    addRelu(value, shortcut) {
      const sum = builder.node('Add', [dequantize(value), dequantize(shortcut)]);
      return quantize(sum, value.meanSquare + shortcut.meanSquare, false);
    },
    classify(value, channels, classCount) {
      const layerWeights = source.linear(channels, classCount);
      const mean = builder.node('GlobalAveragePool', [dequantize(value)]);
      const pooled = requantize(mean, value, value.meanSquare);
      const flat = requantize(builder.node('Flatten', [dequantize(pooled)]), pooled, 1);
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
