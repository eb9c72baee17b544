import type { OnnxModel } from '../../formats/onnx/model.ts';
import { createFloatEmitter } from './resnet-float.ts';
import { createQuantizedEmitter } from './resnet-quantized.ts';

/** A convolution with its normalisation folded into weights and bias. */
export interface ConvolutionSpec {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: 1 | 3 | 7;
  readonly stride: 1 | 2;
  readonly role: ConvolutionRole;
}

/**
 * `inside` a block and with a ReLU, the last of the `branch` that a block adds, or the `shortcut`
 * of a block that changes the shape.
 */
export type ConvolutionRole = 'inside' | 'branch' | 'shortcut';

/** Writes the layers of the network in one precision; `Value` is how it knows a tensor. */
export interface ResnetEmitter<Value> {
  /** `input`, FP32 `[batch, 3, 224, 224]`. */
  input(): Value;
  convolution(value: Value, spec: ConvolutionSpec): Value;
  /** 3 by 3, stride 2. */
  maxPool(value: Value): Value;
  /** `relu(value + shortcut)` */
  addRelu(value: Value, shortcut: Value): Value;
  /** Mean over the picture, then a linear layer to `logits`, FP32 `[batch, classCount]`. */
  classify(value: Value, channels: number, classCount: number): void;
  build(): OnnxModel;
}

const stages = [
  { width: 64, blockCount: 3 },
  { width: 128, blockCount: 4 },
  { width: 256, blockCount: 6 },
  { width: 512, blockCount: 3 },
] as const;

/** What the last layer of a block widens by. */
const expansion = 4;

/**
 * ResNet-50 v1.5 with weights that follow from a seed: `input` FP32 `[batch, 3, 224, 224]` to
 * `logits` FP32 `[batch, 1000]`, 25.5 million weights, 102 MB. Pictures normalised to mean 0 and
 * deviation 1 keep every activation finite.
 *
 * Source: He et al., arXiv:1512.03385; v1.5 has the stride in the 3 by 3 convolution.
 */
export function resnet50Fp32({ seed = 1 }: { seed?: number } = {}): OnnxModel {
  return emitResnet50(createFloatEmitter(seed));
}

/**
 * The network of `resnet50Fp32()` in INT8, as a quantizer writes it: U8 activations, S8 weights
 * per channel and int32 bias, with QuantizeLinear and DequantizeLinear around each operator.
 */
export function resnet50Int8Qdq({ seed = 1 }: { seed?: number } = {}): OnnxModel {
  return emitResnet50(createQuantizedEmitter(seed));
}

function emitResnet50<Value>(emitter: ResnetEmitter<Value>): OnnxModel {
  const stem = { inChannels: 3, outChannels: 64, kernel: 7, stride: 2 } as const;
  const first = emitter.convolution(emitter.input(), { ...stem, role: 'inside' });
  let value = emitter.maxPool(first);
  let inChannels: number = stem.outChannels;
  for (const { width, blockCount } of stages) {
    for (let block = 0; block < blockCount; block += 1) {
      const stride = block === 0 && width > 64 ? 2 : 1;
      value = emitBlock(emitter, value, { inChannels, width, stride });
      inChannels = width * expansion;
    }
  }
  emitter.classify(value, inChannels, 1000);
  return emitter.build();
}

interface BlockSpec {
  readonly inChannels: number;
  readonly width: number;
  readonly stride: 1 | 2;
}

function emitBlock<Value>(
  emitter: ResnetEmitter<Value>,
  value: Value,
  { inChannels, width, stride }: BlockSpec,
): Value {
  const outChannels = width * expansion;
  const plain = { kernel: 1, stride: 1 } as const;
  const reduce: ConvolutionSpec = { ...plain, inChannels, outChannels: width, role: 'inside' };
  const filter: ConvolutionSpec = { ...reduce, inChannels: width, kernel: 3, stride };
  const expand: ConvolutionSpec = { ...plain, inChannels: width, outChannels, role: 'branch' };
  const project: ConvolutionSpec = { ...expand, inChannels, stride, role: 'shortcut' };
  const filtered = emitter.convolution(emitter.convolution(value, reduce), filter);
  const expanded = emitter.convolution(filtered, expand);
  const isSameShape = stride === 1 && inChannels === outChannels;
  return emitter.addRelu(expanded, isSameShape ? value : emitter.convolution(value, project));
}
