import { type OipClient, createOipGrpcClient, createOipHttpClient } from '../../client/index.ts';
import { createGrpcLoadClient } from '../../loadgen/clients/grpc-client.ts';
import { createHttpLoadClient } from '../../loadgen/clients/http-client.ts';
import { expectGrpcOutputs, expectHttpOutputs } from '../../loadgen/expected/expect-outputs.ts';
import { assumeSizes } from '../../loadgen/inputs/made-inputs.ts';
import { prepareOipGrpcRequest, prepareOipHttpRequest } from '../../loadgen/inputs/oip-requests.ts';
import { readDataset } from '../../loadgen/inputs/read-dataset.ts';
import type { PreparedRequest } from '../../loadgen/inputs/prepared-request.ts';
import type { InputSpec, NamedTensors } from '../../core/tensor.ts';
import type { CliContext } from '../context.ts';
import { checkDimensionNames } from '../dimension-names.ts';
import { readInputs } from '../predict/read-inputs.ts';
import { createRemoteTarget } from '../predict/remote-target.ts';
import type { CommonOptions, LoadProtocol } from './common-options.ts';
import { type LoadTarget, bearer, modelOf, withHeaders } from './load-target.ts';

/** The whole dataset is held in memory, as requests. */
const maxItems = 10_000;

const plainScale = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;

/** Asks a model of a server of the Open Inference Protocol, over HTTP or gRPC. */
export async function openOipTarget(
  context: CliContext,
  url: string,
  options: CommonOptions & { readonly protocol: LoadProtocol },
): Promise<LoadTarget> {
  const { modelVersion: version, apiKey, timeout, protocol } = options;
  const model = modelOf(options);
  await using remote = await createRemoteTarget(context, { url, model, version, apiKey });
  const { inputs, notes } = await readAll(context, remote.inputs, options);
  const isGrpc = protocol === 'grpc';
  const prepare = (tensors: NamedTensors): PreparedRequest =>
    withHeaders(
      isGrpc
        ? prepareOipGrpcRequest(tensors, { model, version })
        : prepareOipHttpRequest(tensors, { model, version }, { binary: protocol === 'http' }),
      { 'headway-timings': '1', ...bearer(apiKey) },
    );
  const requests = inputs.map(prepare);
  // Without expected outputs it looks at the form alone.
  const check = (isGrpc ? expectGrpcOutputs : expectHttpOutputs)(new Map(), exact);
  const checked = requests.map((request) => ({ ...request, check }));
  const create = isGrpc ? createGrpcLoadClient : createHttpLoadClient;
  return {
    server: await describeServer(url, options),
    notes,
    plan: { protocol: isGrpc ? 'grpc' : 'http', options: { url, requests, timeoutMs: timeout } },
    openClient: (isChecked) =>
      create({ url, requests: isChecked ? checked : requests, timeoutMs: timeout }),
  };
}

const exact = { absolute: 0, relative: 0 };

/** The inputs of each request, in turn. */
async function readAll(
  { cwd }: CliContext,
  specs: readonly InputSpec[],
  { dimension, dataset, input = [], zero }: CommonOptions,
): Promise<{ readonly inputs: readonly NamedTensors[]; readonly notes: readonly string[] }> {
  const given = dimension ?? new Map<string, number>();
  checkDimensionNames(given, specs);
  if (dataset !== undefined) {
    const options = { cwd, folder: dataset, maxItems, sizes: given, scale: plainScale };
    const items = await readDataset(specs, options);
    return { inputs: items.map(({ tensors }) => tensors), notes: [] };
  }
  const { sizes, assumed } = assumeSizes(specs, given);
  const fill = zero === true ? 'zero' : 'random';
  const inputs = [await readInputs(specs, { cwd, given: input, fill, sizes, scale: plainScale })];
  const notes =
    assumed.length === 0 ? [] : [`assumed --dimension ${assumed.join(' --dimension ')}`];
  return { inputs, notes };
}

/** What the server tells of itself; not every server tells all. */
async function describeServer(
  url: string,
  { model = '', modelVersion: version, apiKey }: CommonOptions,
): Promise<Record<string, unknown>> {
  using client: OipClient = /^grpcs?:/.test(url)
    ? createOipGrpcClient({ url, apiKey })
    : createOipHttpClient({ url, apiKey });
  const told = (answer: Promise<unknown>): Promise<unknown> => answer.catch(() => undefined);
  const [server, metadata, config] = await Promise.all([
    told(client.serverMetadata()),
    told(client.modelMetadata(model, { version })),
    told(client.modelConfig(model, { version })),
  ]);
  return { server, model: metadata, config };
}
