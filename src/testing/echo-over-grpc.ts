import type { Tensor } from '../core/tensor.ts';
import { encodeInferRequest } from '../protocols/oip-grpc/codec/infer-request-write.ts';
import { inferenceService } from '../protocols/oip-grpc/codec/messages.ts';
import type { GrpcServer } from '../protocols/oip-grpc/server.ts';
import type { InferenceServer } from '../server/interface.ts';
import { type FakeServer, createFakeServer } from './fake-server.ts';
import { type GrpcTestClient, connectGrpc } from './grpc-client.ts';
import { type OipGrpcServerOptions, startOipGrpcServer } from './grpc-server.ts';

export const inferPath: string = `/${inferenceService}/ModelInfer`;
export const streamPath: string = `/${inferenceService}/ModelStreamInfer`;
export const emptyMessage: Uint8Array = new Uint8Array(0);

/** A fake server that listens for gRPC, and a client of it. */
export interface EchoOverGrpc extends AsyncDisposable {
  readonly fake: FakeServer;
  readonly server: GrpcServer;
  readonly client: GrpcTestClient;
}

/**
 * Serves the fake server's model `echo` over gRPC.
 * @param overrides replace single use cases.
 */
export async function echoOverGrpc(
  overrides: Partial<InferenceServer> = {},
  options: OipGrpcServerOptions = {},
): Promise<EchoOverGrpc> {
  await using owned = new AsyncDisposableStack();
  const fake = createFakeServer(overrides);
  const server = owned.use(await startOipGrpcServer(fake, options));
  const client = owned.use(connectGrpc(server.target));
  const resources = owned.move();
  return { fake, server, client, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** A ModelInferRequest with one input `x` of so many bytes. */
export function echoMessage(
  id: string,
  {
    model = 'echo',
    byteLength = 4,
  }: { readonly model?: string; readonly byteLength?: number } = {},
): Buffer {
  const x: Tensor = {
    datatype: 'UINT8',
    shape: [byteLength],
    data: new Uint8Array(byteLength),
  };
  return Buffer.concat(
    encodeInferRequest({
      modelName: model,
      modelVersion: '',
      id,
      inputs: new Map([['x', x]]),
      outputs: [],
      parameters: {},
    }),
  );
}
