import type { Parameters } from '../core/batch.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import type { InferAnswer } from './answers.ts';
import type { InferOptions, WantedClasses } from './oip-client.ts';
import { type OutputTensor, fromWireTensor, toWireTensor } from './tensor-data.ts';

/** An infer request with its tensors in their wire form. */
export interface InferMessage {
  readonly id: string;
  readonly inputs: NamedTensors;
  readonly outputs: readonly WantedClasses[];
  /** The model's own and the reserved ones. */
  readonly parameters: Parameters;
}

/** @throws HeadwayError `invalid_argument` when a tensor's data is not what it says. */
export function toInferMessage(options: InferOptions): InferMessage {
  const { priority, queueTimeoutMicroseconds: timeout } = options;
  const inputs = new Map<string, Tensor>();
  for (const input of options.inputs) inputs.set(input.name, toWireTensor(input));
  return {
    id: options.id ?? '',
    inputs,
    outputs: (options.outputs ?? []).map((output) =>
      typeof output === 'string' ? { name: output, classificationCount: 0 } : output,
    ),
    parameters: {
      ...options.parameters,
      ...(priority === undefined ? {} : { priority }),
      ...(timeout === undefined ? {} : { timeout }),
    },
  };
}

/** @param serverTiming the header or metadata of that name. */
export function toInferAnswer(
  message: Omit<InferAnswer, 'outputs' | 'serverTiming'> & { readonly outputs: NamedTensors },
  serverTiming: string | readonly string[] | undefined,
): InferAnswer {
  const outputs = new Map<string, OutputTensor>();
  for (const [name, tensor] of message.outputs) outputs.set(name, fromWireTensor(tensor));
  return {
    ...message,
    outputs,
    serverTiming: typeof serverTiming === 'string' ? serverTiming : undefined,
  };
}
