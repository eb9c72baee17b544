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

/**
 * Factors on He's initialisation. They keep what the layers reach between 1 and 12, and
 * branches small beside their shortcuts, so that the rounding of 8 bits does not build up.
 */
const gains = { inside: 1.2, branch: 0.3, shortcut: 0.85, classifier: 4 } as const;

/** The part of a filter's mean that is taken out. */
const centredPart = 0.7;

/** Creates the weights of a seed, uniformly distributed. */
export function createWeightSource(seed: number): WeightSource {
  const random: Random = createRandom(seed);
  const draw = (outputs: number, fanIn: number, gain: number): LayerWeights => {
    const weights = randomFloats(random, outputs * fanIn, gain * Math.sqrt(6 / fanIn));
    centre(weights, fanIn);
    return { weights, bias: randomFloats(random, outputs, 0.1) };
  };
  return {
    convolution: ({ inChannels, outChannels, kernel, role }) =>
      draw(outChannels, inChannels * kernel * kernel, gains[role]),
    linear: (channels, classCount) => draw(classCount, channels, gains.classifier),
  };
}

/**
 * Takes most of the mean out of each filter. With all of it in, the mean of the activations, which
 * ReLUs keep above zero, drowns what differs between pictures, and all get the same answer; with
 * none of it, the smallest rounding changes the answer.
 */
function centre(weights: Float32Array, fanIn: number): void {
  for (let start = 0; start < weights.length; start += fanIn) {
    const filter = weights.subarray(start, start + fanIn);
    let sum = 0;
    for (const weight of filter) sum += weight;
    const shift = (centredPart * sum) / fanIn;
    for (let index = 0; index < fanIn; index += 1) filter[index] = (filter[index] ?? 0) - shift;
  }
}
