import { invalidArgument } from '../../../core/error.ts';

const unitMs = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 } as const;

const maxDigits = 8;

/**
 * Reads `grpc-timeout`, as in `250m`, as milliseconds; `undefined` without the header.
 * Source: the gRPC over HTTP/2 protocol.
 * @throws HeadwayError `invalid_argument` when it is none.
 */
export function parseGrpcTimeoutMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits, unit] = /^([0-9]{1,8})([HMSmun])$/.exec(header) ?? [];
  if (digits === undefined || unit === undefined) {
    throw invalidArgument(`The grpc-timeout '${header}' is no number of 1 to 8 digits and a unit.`);
  }
  return Number(digits) * unitMs[unit as keyof typeof unitMs];
}

/** Writes milliseconds as `grpc-timeout`, in the finest unit that has the digits for it. */
export function formatGrpcTimeout(timeoutMs: number): string {
  for (const unit of ['n', 'u', 'm', 'S', 'M'] as const) {
    const count = Math.ceil(timeoutMs / unitMs[unit]);
    if (count < 10 ** maxDigits) return `${count}${unit}`;
  }
  return `${Math.min(Math.ceil(timeoutMs / unitMs.H), 10 ** maxDigits - 1)}H`;
}
