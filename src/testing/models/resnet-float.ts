import { createGraphBuilder } from './graph-builder.ts';
import { createWeightSource } from './resnet-weights.ts';
import type { ResnetEmitter } from './resnet50.ts';

/** Creates the writer of ResNet layers in FP32; a value is its name. */
export function createFloatEmitter(seed: number): ResnetEmitter<string> {
  const builder = createGraphBuilder('resnet50-fp32');
  const source = createWeightSource(seed);
  return {
    input: () => builder.input('input', 'FP32', [-1, 3, 224, 224]),
    convolution(value, spec) {
      const { inChannels, outChannels, kernel, stride, role } = spec;
      const { weights, bias } = source.convolution(spec);
      const inputs = [
        value,
        builder.constant('FP32', [outChannels, inChannels, kernel, kernel], weights),
        builder.constant('FP32', [outChannels], bias),
      ];
      const output = builder.node('Conv', inputs, { attributes: windowOf(kernel, stride) });
      return role === 'inside' ? builder.node('Relu', [output]) : output;
    },
    maxPool: (value) => builder.node('MaxPool', [value], { attributes: windowOf(3, 2) }),
    addRelu: (value, shortcut) => builder.node('Relu', [builder.node('Add', [value, shortcut])]),
    classify(value, channels, classCount) {
      const { weights, bias } = source.linear(channels, classCount);
      const features = builder.node('Flatten', [builder.node('GlobalAveragePool', [value])]);
      const inputs = [
        features,
        builder.constant('FP32', [classCount, channels], weights),
        builder.constant('FP32', [classCount], bias),
      ];
      builder.node('Gemm', inputs, { attributes: { transB: 1 }, output: 'logits' });
      builder.output('logits', 'FP32', [-1, classCount]);
    },
    build: () => builder.build(),
  };
}

/** The attributes of a square window that keeps the size of the picture, less the stride. */
export function windowOf(kernel: number, stride: number): Record<string, readonly number[]> {
  const padding = (kernel - 1) / 2;
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
}
