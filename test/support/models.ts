import type { InputTensor, OipClient } from '../../src/client/index.ts';
import type { OnnxModel } from '../../src/formats/onnx/model.ts';
import { createGraphBuilder } from '../../src/testing/models/graph-builder.ts';
import { slowModel } from '../../src/testing/models/small-models.ts';
import { type TestServer, until } from './serve.ts';

/** `output = relu(input)`: FP32 `[batch, count]` to the same; padding with 0 leaves no trace. */
export function reluModel(): OnnxModel {
  const builder = createGraphBuilder('relu');
  const input = builder.input('input', 'FP32', [-1, 'count']);
  const output = builder.node('Relu', [input], { output: 'output' });
  builder.output(output, 'FP32', [-1, 'count']);
  return builder.build();
}

/** A tensor of one row for the models whose input is FP32 `[batch, n]`. */
export function row(name: string, values: readonly number[]): InputTensor {
  return { name, datatype: 'FP32', shape: [1, values.length], data: Float32Array.from(values) };
}

const slowWidth = 256;

/**
 * A model that is slow by as much as it is given rows: `occupy` holds its instance with it.
 * @param isSummed its output is one number, so that answers are quick to read.
 */
export function blockingModel({ isSummed = false }: { isSummed?: boolean } = {}): OnnxModel {
  const model = slowModel({ width: slowWidth, layers: 400 });
  if (!isSummed) return model;
  const { nodes } = model.graph;
  const sum = { name: 'sum', operator: 'ReduceSum', domain: '', inputs: ['output'] };
  const attributes = [{ name: 'keepdims', value: { kind: 'int' as const, value: 0n } }];
  const type = { kind: 'tensor' as const, dataType: 1, shape: [] };
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes: [...nodes, { ...sum, outputs: ['total'], attributes }],
      outputs: [{ name: 'total', type }],
    },
  };
}

/** A request that runs for many seconds if nobody ends it, so only its end tells that it was ended. */
export function slowRows(rowCount: number): InputTensor {
  const data = new Float32Array(rowCount * slowWidth).fill(0.5);
  return { name: 'input', datatype: 'FP32', shape: [rowCount, slowWidth], data };
}

/** Holds the one instance of a model until it is released. */
export interface Occupation {
  /** The client goes away. */
  cut(): Promise<void>;
  /** As `cut`, and resolves when the model has ended the request. */
  release(): Promise<void>;
}

/** Sends a request that never ends by itself, and resolves when it is running. */
export async function occupy(served: TestServer, model: string): Promise<Occupation> {
  const gone = new AbortController();
  const labels = { model };
  const inFlight = async (): Promise<number> =>
    (await served.metric('headway_in_flight_requests', labels)) ?? 0;
  const before = await inFlight();
  let ended: unknown;
  const answer = served.client
    .infer({ model, inputs: [slowRows(20_000)], signal: gone.signal })
    .catch((error: unknown) => (ended = error));
  await until(async () => ended !== undefined || (await inFlight()) === before + 1);
  if (ended !== undefined) throw ended;
  await until(async () => (await served.metric('headway_queue_depth', labels)) === 0);
  const cut = async (): Promise<void> => {
    gone.abort();
    await answer;
  };
  return {
    cut,
    async release() {
      const held = await inFlight();
      await cut();
      await until(async () => (await inFlight()) < held);
    },
  };
}

/** Sends a request for a blocking model that is quick once its turn comes. */
export function quick(
  client: OipClient,
  model: string,
  options: Omit<Parameters<OipClient['infer']>[0], 'model' | 'inputs'> = {},
): ReturnType<OipClient['infer']> {
  return client.infer({ model, inputs: [slowRows(1)], ...options });
}
