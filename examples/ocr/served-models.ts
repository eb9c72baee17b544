import type { OipClient } from '../../src/client/index.ts';
import type { FloatTensor, TextModels } from './read-text.ts';

/** One answered request, in milliseconds. */
export interface ModelCall {
  readonly model: 'text-detector' | 'text-recogniser';
  /** From sending to having read the answer. */
  readonly roundTripMs: number;
  /** Waiting for the model. */
  readonly queueMs: number;
  /** In the model. */
  readonly modelMs: number;
}

/** What the models need to be asked. */
export interface ServedModelsOptions {
  readonly client: OipClient;
  readonly characters: readonly string[];
  readonly signal: AbortSignal;
  /** Told of every call. */
  readonly onCall: (call: ModelCall) => void;
}

/** The models of a running server, asked over HTTP with binary tensors. */
export function createServedModels(options: ServedModelsOptions): TextModels {
  const { client, signal, onCall } = options;
  async function ask(model: ModelCall['model'], tensor: FloatTensor): Promise<FloatTensor> {
    const startMs = performance.now();
    const answer = await client.infer({
      model,
      inputs: [{ name: 'x', datatype: 'FP32', shape: tensor.shape, data: tensor.values }],
      timings: true,
      signal,
    });
    const timing = answer.serverTiming ?? '';
    onCall({
      model,
      roundTripMs: performance.now() - startMs,
      queueMs: durationOf(timing, 'queue'),
      modelMs: durationOf(timing, 'execute'),
    });
    const [output] = answer.outputs.values();
    if (output?.datatype !== 'FP32') throw new Error(`Model '${model}' gave no FP32 output.`);
    return { shape: output.shape, values: output.data };
  }
  return {
    detect: (pictures) => ask('text-detector', pictures),
    recognize: (lines) => ask('text-recogniser', lines),
    characters: options.characters,
  };
}

/** The duration of one metric of a Server-Timing header. */
function durationOf(header: string, metric: string): number {
  const entry = header.split(',').find((part) => part.trim().startsWith(`${metric};`));
  return Number(/dur=([\d.]+)/u.exec(entry ?? '')?.[1] ?? 0);
}
