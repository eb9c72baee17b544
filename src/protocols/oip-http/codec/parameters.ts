import type { ParameterValue, Parameters } from '../../../core/batch.ts';
import { invalidArgument } from '../../../core/error.ts';
import {
  type RequestParameters,
  defaultParameters,
  refuseReserved,
  refuseSequence,
  toSafeNumber,
} from '../../oip/codec/request-parameters.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { asBoolean, asUnsigned, describe } from './members.ts';
import { quoteText } from './quote.ts';

/** What a request's parameters say, over HTTP also of the form of its answer. */
interface HttpRequestParameters extends RequestParameters {
  readonly binaryByDefault: boolean;
}

const defaultHttpParameters: HttpRequestParameters = Object.freeze({
  ...defaultParameters,
  binaryByDefault: false,
});

/**
 * Splits a request's parameters.
 * @throws HeadwayError `invalid_argument` for a reserved name or a wrong type, `unimplemented` for
 * a request that belongs to a sequence.
 */
export function readRequestParameters(members: JsonObject | undefined): HttpRequestParameters {
  if (members === undefined) return defaultHttpParameters;
  let { priority, timeoutMicroseconds, binaryByDefault } = defaultHttpParameters;
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
        if (typeof value !== 'string') asUnsigned(value, "The parameter 'sequence_id'");
        refuseSequence(value);
        break;
      case 'sequence_start':
      case 'sequence_end':
        // Without a sequence id they mean nothing, here as in Triton.
        asBoolean(value, `The parameter ${quoteText(name)}`);
        break;
      case 'headers':
        throw invalidArgument(
          "The parameter 'headers' is reserved and cannot be set by a request.",
        );
      default:
        refuseReserved(name);
        own ??= new Map();
        own.set(name, toParameterValue(name, value));
    }
  }
  // Defined rather than assigned, so that a name such as `__proto__` is only a name.
  const parameters = own === undefined ? defaultParameters.parameters : Object.fromEntries(own);
  return { parameters, priority, timeoutMicroseconds, binaryByDefault };
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
  if (members === undefined) return defaultParameters.parameters;
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
