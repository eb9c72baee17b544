import type { ParameterValue, Parameters } from '../../../core/batch.ts';
import { HeadwayError, invalidArgument } from '../../../core/error.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { asBoolean, asUnsigned, describe } from './members.ts';
import { quoteText } from './quote.ts';

/** The parameters of a request: those the protocol reserves by name, and the model's own. */
export interface RequestParameters {
  readonly parameters: Parameters;
  readonly priority: number;
  readonly timeoutMicroseconds: number;
  readonly binaryByDefault: boolean;
}

const noParameters: Parameters = Object.freeze({});

const defaultRequestParameters: RequestParameters = Object.freeze({
  parameters: noParameters,
  priority: 0,
  timeoutMicroseconds: 0,
  binaryByDefault: false,
});

/**
 * Splits a request's parameters.
 * @throws HeadwayError `invalid_argument` for a reserved name or a wrong type, `unimplemented` for
 * a request that belongs to a sequence.
 */
export function readRequestParameters(members: JsonObject | undefined): RequestParameters {
  if (members === undefined) return defaultRequestParameters;
  let { priority, timeoutMicroseconds, binaryByDefault } = defaultRequestParameters;
  let own: Map<string, ParameterValue> | undefined;
  for (const [name, value] of members) {
    switch (name) {
      case 'binary_data_output':
        binaryByDefault = asBoolean(value, "The parameter 'binary_data_output'");
        break;
      case 'priority':
        priority = toSafeNumber(asUnsigned(value, "The parameter 'priority'"));
        break;
      case 'timeout':
        timeoutMicroseconds = toSafeNumber(asUnsigned(value, "The parameter 'timeout'"));
        break;
      case 'sequence_id':
        refuseSequence(value);
        break;
      case 'sequence_start':
      case 'sequence_end':
        // Without a sequence id they mean nothing, here as in Triton.
        asBoolean(value, `The parameter ${quoteText(name)}`);
        break;
      default:
        refuseReserved(name);
        own ??= new Map();
        own.set(name, toParameterValue(name, value));
    }
  }
  // Defined rather than assigned, so that a name such as `__proto__` is only a name.
  const parameters = own === undefined ? noParameters : Object.fromEntries(own);
  return { parameters, priority, timeoutMicroseconds, binaryByDefault };
}

/** Beyond the safe integers every limit is as good as none, and every priority as the lowest. */
function toSafeNumber(value: number | bigint): number {
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

function refuseSequence(id: JsonValue): void {
  if (id === 0 || id === '') return;
  if (typeof id !== 'string') asUnsigned(id, "The parameter 'sequence_id'");
  throw new HeadwayError(
    'unimplemented',
    "Sequences are not supported: send the request without the parameter 'sequence_id'.",
  );
}

function refuseReserved(name: string): void {
  if (name.startsWith('triton_')) {
    throw invalidArgument(
      "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.",
    );
  }
  if (name !== 'headers') return;
  throw invalidArgument("The parameter 'headers' is reserved and cannot be set by a request.");
}

function toParameterValue(name: string, value: JsonValue): ParameterValue {
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'float') {
    return value.value;
  }
  if (value === null || typeof value === 'object') {
    const expected = 'a string, a number, true or false';
    throw invalidArgument(
      `The parameter ${quoteText(name)} must be ${expected}, not ${describe(value)}.`,
    );
  }
  return value;
}

/** The parameters of an answer, none of them reserved. */
export function readParameters(members: JsonObject | undefined): Parameters {
  if (members === undefined) return noParameters;
  return Object.fromEntries(
    [...members].map(([name, value]) => [name, toParameterValue(name, value)]),
  );
}

/**
 * Reads what an output is wanted as. Parameters of other names are the client's own.
 * @throws HeadwayError `invalid_argument` for a wrong type.
 */
export function readOutputParameters(
  members: JsonObject | undefined,
  owner: string,
): { readonly binary: boolean; readonly classificationCount: number } {
  const binary = members?.get('binary_data');
  const classification = members?.get('classification');
  return {
    binary: binary !== undefined && asBoolean(binary, `The parameter 'binary_data' of ${owner}`),
    classificationCount:
      classification === undefined
        ? 0
        : toSafeNumber(asUnsigned(classification, `The parameter 'classification' of ${owner}`)),
  };
}
