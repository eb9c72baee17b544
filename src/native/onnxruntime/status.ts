import { type ErrorCode, HeadwayError } from '../../core/error.ts';
import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';

/** OrtErrorCodes that tell whose fault it is; every other one is the runtime's. */
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [2, 'invalid_argument'], // ORT_INVALID_ARGUMENT
  [3, 'not_found'], // ORT_NO_SUCHFILE
  [4, 'invalid_argument'], // ORT_NO_MODEL
  [7, 'invalid_argument'], // ORT_INVALID_PROTOBUF
  [9, 'unimplemented'], // ORT_NOT_IMPLEMENTED
  [10, 'invalid_argument'], // ORT_INVALID_GRAPH
]);

/**
 * Checks the answer of a call and frees it.
 * @param what the call in words, such as `Cannot create a session`.
 * @throws HeadwayError with the runtime's own reason, file paths shortened to their names.
 */
export function checkStatus(api: OnnxRuntimeApi, status: NativePointer | null, what: string): void {
  if (status === null) return;
  const code = codes.get(api.GetErrorCode(status)) ?? 'internal';
  const text = api.GetErrorMessage(status);
  api.ReleaseStatus(status);
  throw new HeadwayError(code, `${what}: ${withoutPlaces(text)}`, { cause: new Error(text) });
}

const maxReasonLength = 600;

/** Places in the runtime's source, folders of this machine and addresses are nobody's business. */
function withoutPlaces(text: string): string {
  const [firstLine = ''] = text.trim().split('\n');
  const reason = firstLine.replaceAll(
    /\S+\.(?:cc|h|cpp|cu|cuh):\d+ .*?(?=\[ONNXRuntimeError\]|\w+ was false|$)/g,
    '',
  );
  // Where nothing tells the function from the reason, both are better than none.
  return (reason === '' ? firstLine.replace(/^\S+:\d+ /, '') : reason)
    .replaceAll(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replaceAll(/(?:[A-Za-z]:)?(?:[/\\][^\s/\\:'"]+)*[/\\]([^\s/\\:'"]+)/g, '$1')
    .replaceAll(/0x[0-9a-fA-F]+/g, '(address)')
    .slice(0, maxReasonLength)
    .trim();
}
