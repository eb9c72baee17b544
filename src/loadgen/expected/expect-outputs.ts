import { HeadwayError } from '../../core/error.ts';
import type { NamedTensors } from '../../core/tensor.ts';
import { decodeInferResponse as decodeGrpcResponse } from '../../protocols/oip-grpc/codec/infer-response-read.ts';
import { decodeInferResponse } from '../../protocols/oip-http/codec/response-read.ts';
import type { CheckAnswer, ReceivedAnswer } from '../inputs/prepared-request.ts';
import { type Tolerance, compareOutputs } from './compare-tensors.ts';

/** Makes the check of answers of the Open Inference Protocol over HTTP, JSON and binary. */
export function expectHttpOutputs(expected: NamedTensors, tolerance: Tolerance): CheckAnswer {
  return createCheck(readHttpAnswer, expected, tolerance);
}

/** Makes the check of answers of the Open Inference Protocol over gRPC. */
export function expectGrpcOutputs(expected: NamedTensors, tolerance: Tolerance): CheckAnswer {
  return createCheck(({ body }) => decodeGrpcResponse(body).outputs, expected, tolerance);
}

function createCheck(
  readOutputs: (answer: ReceivedAnswer) => NamedTensors,
  expected: NamedTensors,
  tolerance: Tolerance,
): CheckAnswer {
  return (answer) => {
    try {
      return compareOutputs(readOutputs(answer), expected, tolerance);
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
      return `the answer cannot be read: ${error.message}`;
    }
  };
}

function readHttpAnswer({ headers, body }: ReceivedAnswer): NamedTensors {
  const given = headers['inference-header-content-length'];
  const headerLength = given === undefined ? undefined : Number(given);
  return decodeInferResponse(body, headerLength).outputs;
}
