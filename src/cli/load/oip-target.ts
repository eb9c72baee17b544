import { prepareOipGrpcRequest, prepareOipHttpRequest } from '../../loadgen/inputs/oip-requests.ts';
import { pairExpected } from '../../loadgen/expected/pair-expected.ts';
import { type DatasetItem, readDataset } from '../../loadgen/inputs/read-dataset.ts';
import type { PreparedRequest } from '../../loadgen/inputs/prepared-request.ts';
import type { NamedTensors } from '../../core/tensor.ts';
import type { ClientPlan } from '../../loadgen/process/messages.ts';
import type { CliContext } from '../context.ts';
import { readInputs } from '../predict/read-inputs.ts';
import { createRemoteTarget } from '../predict/remote-target.ts';
import type { CommonOptions, LoadProtocol } from './common-options.ts';
import { type DescribedServer, describeServer } from './describe-server.ts';
import { listModels } from './list-models.ts';
import {
  type LoadTarget,
  type TargetOptions,
  bearer,
  modelOf,
  withHeaders,
} from './load-target.ts';
import { maxItems, plainScale, prepareItems } from './oip-items.ts';

/** Asks a model of a server of the Open Inference Protocol, over HTTP or gRPC. */
export async function openOipTarget(
  context: CliContext,
  url: string,
  options: TargetOptions & { readonly protocol: LoadProtocol },
): Promise<LoadTarget> {
  const { modelVersion: version, apiKey, timeout, protocol, tls } = options;
  const known = options.model === undefined ? await listModels({ url, apiKey, tls }) : [];
  const model = modelOf(options, known);
  await using remote = await createRemoteTarget(context, { url, model, version, apiKey, tls });
  const server = await describeServer(url, { ...options, signal: context.signal });
  const isGrpc = protocol === 'grpc';
  const prepare = (tensors: NamedTensors): PreparedRequest =>
    withHeaders(
      isGrpc
        ? prepareOipGrpcRequest(tensors, { model, version })
        : prepareOipHttpRequest(tensors, { model, version }, { binary: protocol === 'http' }),
      { 'headway-timings': '1', ...bearer(apiKey) },
    );
  const { items, requests, notes } = await prepareItems(context, remote.inputs, {
    options,
    prepare,
  });
  const expected = await readExpected(context, { items, server, options });
  const tolerance = { absolute: options.tolerance, relative: options.tolerance };
  const plan: ClientPlan = {
    protocol: isGrpc ? 'grpc' : 'http',
    options: { url, requests, timeoutMs: timeout, tls },
    expected: expected && { outputs: expected, tolerance },
  };
  return {
    server,
    notes,
    plan,
    // Where no outputs are expected, the form of the first answer is looked at.
    firstPlan: { ...plan, expected: { outputs: expected ?? [new Map()], tolerance } },
  };
}

/** What each request should be answered with; `undefined` when nothing is expected. */
async function readExpected(
  { cwd }: CliContext,
  {
    items,
    server,
    options: { check, dataset },
  }: {
    readonly items: readonly DatasetItem[];
    readonly server: DescribedServer;
    readonly options: CommonOptions;
  },
): Promise<readonly NamedTensors[] | undefined> {
  if (check === undefined) return undefined;
  const outputs = server.model.outputs ?? [];
  const specs = outputs.map((output) => ({ ...output, hasDefault: false }));
  const sizes = new Map<string, number>();
  if (dataset !== undefined) {
    const options = { cwd, folder: check, maxItems, sizes, scale: plainScale };
    return pairExpected(items, await readDataset(specs, options));
  }
  const options = { cwd, given: [check], fill: undefined, sizes, scale: plainScale };
  return [await readInputs(specs, options)];
}
