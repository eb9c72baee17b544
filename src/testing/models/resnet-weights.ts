import { type Random, createRandom, randomFloats } from './random.ts';
import type { ConvolutionSpec } from './resnet50.ts';

export interface LayerWeights {
  /** `[outChannels, inChannels, kernel, kernel]`, or `[classCount, channels]`. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Draws the layers' weights one after the other, in the order they are asked for. */
export interface WeightSource {
  convolution(spec: ConvolutionSpec): LayerWeights;
  linear(channels: number, classCount: number): LayerWeights;
}

/** Creates the weights of a seed: He initialisation, uniform. */
export function createWeightSource(seed: number): WeightSource {
  const random: Random = createRandom(seed);
  const draw = (outputs: number, fanIn: number, gain: number): LayerWeights => ({
    weights: randomFloats(random, outputs * fanIn, gain * Math.sqrt(6 / fanIn)),
    bias: randomFloats(random, outputs, 0.1),
  });
  return {
    convolution: ({ inChannels, outChannels, kernel, gain }) =>
      draw(outChannels, inChannels * kernel * kernel, gain),
    linear: (channels, classCount) => draw(classCount, channels, 1),
  };
}
