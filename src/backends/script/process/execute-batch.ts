import { HeadwayError } from '../../../core/error.ts';
import type { Tensor } from '../../../core/tensor.ts';
import type {
  ExecuteContext,
  Script,
  ScriptRequest,
  ScriptResponse,
} from '../../../script/script.ts';
import type { SentRequest, SentResponse } from '../messages.ts';
import { sentErrorOf } from '../sent-error.ts';

/**
 * Has a script execute a batch. What the responses hold is checked where they arrive.
 * @throws HeadwayError `internal` when it returns no list, or what the script throws.
 */
export async function executeBatch(
  { execute }: Script,
  requests: readonly SentRequest[],
  context: ExecuteContext,
): Promise<readonly SentResponse[]> {
  const responses: unknown = await execute(requests.map(scriptRequest), context);
  if (Array.isArray(responses)) return responses.map(sentResponse);
  throw new HeadwayError(
    'internal',
    `The script's execute() returned ${responses === null ? 'null' : typeof responses}, expected a list of responses, one for each request.`,
  );
}

function scriptRequest({ id, inputs, outputNames, parameters }: SentRequest): ScriptRequest {
  return { id, inputs: Object.fromEntries(inputs), outputNames, parameters };
}

function sentResponse(response: ScriptResponse): SentResponse {
  if (response instanceof Error) return { kind: 'failed', error: sentErrorOf(response) };
  return { kind: 'done', value: new Map(Object.entries(response ?? {}).map(sentTensor)) };
}

/** Only what a tensor has: what else a script hangs on it may not go between processes. */
function sentTensor([name, value]: readonly [string, Tensor]): readonly [string, Tensor] {
  const { datatype, shape, data } = value ?? {};
  return [name, { datatype, shape, data }];
}
