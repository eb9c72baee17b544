import type { ErrorCode } from '../../../core/error.ts';

/** The number of each error code in `grpc-status`. Source: grpc.io/docs/guides/status-codes. */
export const grpcStatusByCode: Readonly<Record<ErrorCode, number>> = {
  cancelled: 1,
  unknown: 2,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  already_exists: 6,
  permission_denied: 7,
  resource_exhausted: 8,
  failed_precondition: 9,
  aborted: 10,
  out_of_range: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  data_loss: 15,
  unauthenticated: 16,
};

const codeByGrpcStatus: ReadonlyMap<number, ErrorCode> = new Map(
  Object.entries(grpcStatusByCode).map(([code, status]) => [status, code as ErrorCode]),
);

/** The error code of a `grpc-status` other than 0; `unknown` for one that is none. */
export function codeOfGrpcStatus(status: number): ErrorCode {
  return codeByGrpcStatus.get(status) ?? 'unknown';
}

/** Text as `grpc-message` carries it: UTF-8, percent-encoded beyond printable ASCII. */
export function encodeGrpcMessage(text: string): string {
  return text.toWellFormed().replace(/[^ -$&-~]+/gu, encodeURIComponent);
}

/** Reads `grpc-message`; text that is not percent-encoded as it should be is taken as it is. */
export function decodeGrpcMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
