import type { ParameterValue } from '../../../core/batch.ts';
import { invalidArgument } from '../../../core/error.ts';
import type { SharedMemoryReference } from '../../../server/interface.ts';
import {
  type RequestParameters,
  defaultParameters,
  refuseReserved,
  refuseSequence,
  toSafeNumber,
} from '../../oip/codec/request-parameters.ts';
import type { InferParameter, InferParameters } from './infer-parameter.ts';

/**
 * Splits a request's parameters, with Triton's texts.
 * @throws HeadwayError `invalid_argument` for a reserved name or a wrong type, `unimplemented` for
 * a request that belongs to a sequence.
 */
export function readRequestParameters(given: InferParameters | undefined): RequestParameters {
  if (given === undefined) return defaultParameters;
  let { priority, timeoutMicroseconds } = defaultParameters;
  const own: [string, ParameterValue][] = [];
  for (const [name, parameter] of given) {
    switch (name) {
      case 'priority':
        priority = readUnsigned(name, parameter, ['int64_param', 'uint64_param']);
        break;
      case 'timeout':
        timeoutMicroseconds = readUnsigned(name, parameter, ['int64_param']);
        break;
      case 'sequence_id':
        refuseSequence(
          expectKind(name, parameter, ['int64_param', 'uint64_param', 'string_param']),
        );
        break;
      case 'sequence_start':
      case 'sequence_end':
        // Without a sequence id they mean nothing, here as in Triton.
        expectKind(name, parameter, ['bool_param']);
        break;
      case 'triton_enable_empty_final_response':
        // Asks for an empty answer after the last one; here every answer is the last one itself.
        expectKind(name, parameter, ['bool_param']);
        break;
      default:
        refuseReserved(name);
        if (parameter !== undefined) own.push([name, parameter.value]);
    }
  }
  // Defined rather than assigned, so that a name such as `__proto__` is only a name.
  const parameters = own.length === 0 ? defaultParameters.parameters : Object.fromEntries(own);
  return { parameters, priority, timeoutMicroseconds };
}

function expectKind(
  name: string,
  parameter: InferParameter | undefined,
  kinds: readonly InferParameter['kind'][],
): ParameterValue {
  if (parameter !== undefined && kinds.includes(parameter.kind)) return parameter.value;
  throw invalidArgument(
    `invalid value type for '${name}' parameter, expected ${kinds.join(' or ')}.`,
  );
}

function readUnsigned(
  name: string,
  parameter: InferParameter | undefined,
  kinds: readonly InferParameter['kind'][],
): number {
  const value = Number(expectKind(name, parameter, kinds));
  if (value >= 0) return toSafeNumber(value);
  throw invalidArgument(`invalid value for '${name}' parameter, expected >= 0, got ${value}`);
}

/** What an output is wanted as. Parameters of other names are the client's own. */
export interface OutputParameters {
  /** 0 for the tensor itself. */
  readonly classificationCount: number;
  readonly region: SharedMemoryReference | undefined;
}

const plainOutput: OutputParameters = Object.freeze({ classificationCount: 0, region: undefined });

/** @throws HeadwayError `invalid_argument` for a wrong type or what does not go together. */
export function readOutputParameters(
  given: InferParameters | undefined,
  name: string,
): OutputParameters {
  if (given === undefined) return plainOutput;
  const region = readRegionReference(given, `output '${name}'`);
  if (!given.has('classification')) return { classificationCount: 0, region };
  if (region !== undefined) {
    throw invalidArgument("output can't set both 'shared_memory_region' and 'classification'");
  }
  const classification = given.get('classification');
  return {
    classificationCount: readUnsigned('classification', classification, ['int64_param']),
    region,
  };
}

/**
 * The shared memory a tensor's parameters name; `undefined` when they name none.
 * @throws HeadwayError `invalid_argument` for a wrong type or a missing size.
 */
export function readRegionReference(
  given: InferParameters | undefined,
  owner: string,
): SharedMemoryReference | undefined {
  if (given?.has('shared_memory_region') !== true) return undefined;
  const region = expectKind('shared_memory_region', given.get('shared_memory_region'), [
    'string_param',
  ]);
  if (!given.has('shared_memory_byte_size')) {
    throw invalidArgument(
      `The parameter 'shared_memory_region' of ${owner} needs 'shared_memory_byte_size' as well.`,
    );
  }
  const byteLength = given.get('shared_memory_byte_size');
  const offset = given.get('shared_memory_offset');
  return {
    region: String(region),
    byteLength: toInteger(expectKind('shared_memory_byte_size', byteLength, ['int64_param'])),
    offsetBytes:
      offset === undefined
        ? 0
        : toInteger(expectKind('shared_memory_offset', offset, ['int64_param'])),
  };
}

function toInteger(value: ParameterValue): number | bigint {
  return typeof value === 'bigint' ? value : Number(value);
}
