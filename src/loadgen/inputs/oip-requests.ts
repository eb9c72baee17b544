import type { NamedTensors } from '../../core/tensor.ts';
import { frameMessage } from '../../protocols/oip-grpc/codec/frames.ts';
import { encodeInferRequest as encodeGrpcRequest } from '../../protocols/oip-grpc/codec/infer-request-write.ts';
import { encodeInferRequest } from '../../protocols/oip-http/codec/request-write.ts';
import type { PreparedRequest } from './prepared-request.ts';

/** Which model is asked. */
export interface OipRequestOptions {
  readonly model: string;
  /** The server chooses when `undefined`. */
  readonly version?: string | undefined;
}

/**
 * Makes the bytes of an infer request over HTTP.
 * @param binary whether tensors travel as binary data rather than as JSON, there and back.
 * @throws HeadwayError `invalid_argument` for data without a JSON form when `binary` is off.
 */
export function prepareOipHttpRequest(
  inputs: NamedTensors,
  { model, version }: OipRequestOptions,
  { binary }: { readonly binary: boolean },
): PreparedRequest {
  const message = { id: '', inputs, outputs: [], parameters: {}, binary };
  const encoded = encodeInferRequest(message);
  const versionPath = version === undefined ? '' : `/versions/${encodeURIComponent(version)}`;
  return {
    method: 'POST',
    path: `/v2/models/${encodeURIComponent(model)}${versionPath}/infer`,
    headers:
      encoded.headerLength === undefined
        ? { 'content-type': 'application/json' }
        : {
            'content-type': 'application/octet-stream',
            'inference-header-content-length': String(encoded.headerLength),
          },
    body: Buffer.concat([Buffer.from(encoded.json), ...encoded.binary]),
  };
}

/** Makes the bytes of an infer request over gRPC, a framed ModelInferRequest with raw contents. */
export function prepareOipGrpcRequest(
  inputs: NamedTensors,
  { model, version }: OipRequestOptions,
): PreparedRequest {
  const message = encodeGrpcRequest({
    modelName: model,
    modelVersion: version ?? '',
    id: '',
    inputs,
    outputs: [],
    parameters: {},
  });
  return {
    method: 'POST',
    path: '/inference.GRPCInferenceService/ModelInfer',
    headers: {},
    body: Buffer.concat(frameMessage(message, { isCompressed: false })),
  };
}

/** Makes a request of plain HTTP: with a body a `POST`, without one a `GET`. */
export function preparePlainRequest(
  path: string,
  body?: { readonly bytes: Uint8Array; readonly contentType: string },
): PreparedRequest {
  return body === undefined
    ? { method: 'GET', path, headers: {}, body: new Uint8Array(0) }
    : { method: 'POST', path, headers: { 'content-type': body.contentType }, body: body.bytes };
}
