import type { InputTensor, ModelMetadataAnswer, OipClient } from '../../client/index.ts';
import { fromWireTensor, toWireTensor } from '../../client/tensor-data.ts';
import { HeadwayError } from '../../core/error.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import type { InputSpec, Tensor } from '../../core/tensor.ts';
import type { CliContext } from '../context.ts';
import { type ServerAccess, openOipClient } from '../oip-client.ts';
import type { PredictionTarget, Stage } from './target.ts';

/** Which model of which server. */
export interface RemoteTargetOptions extends ServerAccess {
  readonly model: string;
  /** The server chooses when `undefined`. */
  readonly version: string | undefined;
}

/**
 * Asks a server that speaks the Open Inference Protocol, over HTTP or gRPC.
 * @throws HeadwayError `unavailable` when there is no answer, `not_found` for an unknown model.
 */
export async function createRemoteTarget(
  { clock, signal }: Pick<CliContext, 'clock' | 'signal'>,
  { model, version, ...access }: RemoteTargetOptions,
): Promise<PredictionTarget> {
  const client = openOipClient(access);
  const choice = { version, signal };
  let metadata: ModelMetadataAnswer;
  try {
    metadata = await client.modelMetadata(model, choice);
  } catch (error) {
    const better = await withSuggestion(client, model, error);
    client[Symbol.dispose]();
    throw better;
  }
  return {
    model: metadata.name,
    loadMs: undefined,
    inputs: await inputSpecs(client, metadata, choice),
    labels: new Map(),
    async run(inputs) {
      const startMs = clock.nowMs();
      const answer = await client.infer({
        ...choice,
        model,
        inputs: [...inputs].map(([name, tensor]) => toClientInput(name, tensor)),
        timings: true,
      });
      const durationMs = clock.nowMs() - startMs;
      const outputs = new Map<string, Tensor>();
      for (const [name, output] of answer.outputs) {
        outputs.set(name, toWireTensor({ name, ...output }));
      }
      return { outputs, durationMs, stages: stagesOf(answer.serverTiming ?? '') };
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
    },
  };
}

/** Only the config, which not every server tells, says which inputs may be left out. */
async function inputSpecs(
  client: OipClient,
  { name, inputs }: ModelMetadataAnswer,
  choice: Parameters<OipClient['modelConfig']>[1],
): Promise<readonly InputSpec[]> {
  const config = await client.modelConfig(name, choice).catch(() => undefined);
  const declared = (config?.['input'] ?? []) as readonly { name: string; optional?: boolean }[];
  const optional = new Set(declared.flatMap((input) => (input.optional ? [input.name] : [])));
  return inputs.map((input) => ({ ...input, hasDefault: optional.has(input.name) }));
}

/** Names the model that may have been meant; what the server does not list is no help. */
async function withSuggestion(client: OipClient, model: string, error: unknown): Promise<unknown> {
  if (!(error instanceof HeadwayError) || error.code !== 'not_found') return error;
  const entries = await Promise.resolve(client.repositoryIndex()).catch(() => undefined);
  const names = [...new Set(entries?.map(({ name }) => name))];
  if (names.includes(model)) return error;
  const all = names.length === 0 ? '' : `; the server has ${names.slice(0, 20).join(', ')}`;
  const hint = didYouMean(model, names) || all;
  return new HeadwayError('not_found', `${error.message}${hint}`, { cause: error });
}

function toClientInput(name: string, tensor: Tensor): InputTensor {
  return { name, ...fromWireTensor(tensor) };
}

/** The entries of a Server-Timing header, but for the total. */
function stagesOf(header: string): Stage[] {
  return [...header.matchAll(/([\w-]+);dur=([\d.]+)/g)]
    .map(([, name = '', duration]) => ({ name, durationMs: Number(duration) }))
    .filter(({ name }) => name !== 'total');
}
