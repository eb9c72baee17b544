import type { Parameters } from '../../core/batch.ts';
import { invalidArgument } from '../../core/error.ts';

/** Names that requests use for themselves, so that no header can be a parameter of the model's. */
const reservedNames = new Set([
  'sequence_id',
  'sequence_start',
  'sequence_end',
  'priority',
  'timeout',
  'headers',
  'binary_data_output',
]);

/**
 * Adds the headers whose names the pattern matches to a request's parameters, as texts. They win
 * over what the request itself says under the same name, as whoever set them stands in front of the
 * client. Of a header given several times the values are joined with commas.
 * @param headers names and values; names as the client wrote them.
 * @throws HeadwayError `invalid_argument` for a name that is reserved, with Triton's text.
 */
export function forwardHeaders(
  pattern: RegExp,
  headers: Iterable<readonly [string, string]>,
  parameters: Parameters,
): Parameters {
  const forwarded = new Map<string, string>();
  for (const [name, value] of headers) {
    if (!pattern.test(name)) continue;
    if (reservedNames.has(name) || name.startsWith('triton_')) {
      throw invalidArgument(
        `Header '${name}' is reserved for Triton usage and cannot be forwarded.`,
      );
    }
    const before = forwarded.get(name);
    forwarded.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  if (forwarded.size === 0) return parameters;
  // Defined rather than assigned, so that a name such as `__proto__` is only a name.
  return Object.fromEntries([...Object.entries(parameters), ...forwarded]);
}
