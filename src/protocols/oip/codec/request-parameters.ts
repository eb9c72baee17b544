import type { Parameters } from '../../../core/batch.ts';
import { HeadwayError, invalidArgument } from '../../../core/error.ts';

/** The parameters of a request: those the protocol reserves by name, and the model's own. */
export interface RequestParameters {
  readonly parameters: Parameters;
  readonly priority: number;
  readonly timeoutMicroseconds: number;
}

/** What a request without parameters asks for. */
export const defaultParameters: RequestParameters = Object.freeze({
  parameters: Object.freeze({}),
  priority: 0,
  timeoutMicroseconds: 0,
});

/** Beyond the safe integers every limit is as good as none, and every priority as the lowest. */
export function toSafeNumber(value: number | bigint): number {
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

/** @throws HeadwayError `unimplemented` for the id of a sequence; 0 and the empty text are none. */
export function refuseSequence(id: unknown): void {
  if (id === 0 || id === '') return;
  throw new HeadwayError(
    'unimplemented',
    "Sequences are not supported: send the request without the parameter 'sequence_id'.",
  );
}

/** @throws HeadwayError `invalid_argument`, with Triton's text, for a name that is reserved. */
export function refuseReserved(name: string): void {
  if (!name.startsWith('triton_')) return;
  throw invalidArgument(
    "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.",
  );
}
