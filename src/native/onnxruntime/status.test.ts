import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnnxRuntimeApi } from './api-table.ts';
import { checkStatus } from './status.ts';

const status = 5n;

/** What is said of a status of this code and text, and whether it was freed. */
function failureOf(code: number, text: string): { readonly error: unknown; isFreed: boolean } {
  const seen = { error: undefined as unknown, isFreed: false };
  const api = {
    GetErrorCode: () => code,
    GetErrorMessage: () => text,
    ReleaseStatus: (freed: bigint) => void (seen.isFreed = freed === status),
  };
  try {
    checkStatus(api as unknown as OnnxRuntimeApi, status, 'Cannot do it');
  } catch (error) {
    seen.error = error;
  }
  return seen;
}

test('checkStatus() passes what succeeded and frees what failed', () => {
  checkStatus({} as OnnxRuntimeApi, null, 'Cannot do it');
  assert.equal(failureOf(1, 'no').isFreed, true);
});

test('checkStatus() tells whose fault it is by the code', () => {
  const codeOf = (code: number): string =>
    (failureOf(code, 'no').error as { readonly code: string }).code;
  for (const code of [2, 4, 7, 10]) assert.equal(codeOf(code), 'invalid_argument', String(code));
  assert.equal(codeOf(3), 'not_found');
  assert.equal(codeOf(9), 'unimplemented');
  for (const code of [1, 5, 6, 8, 11, 99]) assert.equal(codeOf(code), 'internal', String(code));
});

test('checkStatus() keeps the reason and drops places in the source, folders and addresses', () => {
  for (const [text, expected] of [
    ['Load model from /srv/models/add/model.onnx failed', 'Load model from model.onnx failed'],
    [
      '/src/core/bridge.cc:19 onnxruntime::Provider& Get() [ONNXRuntimeError] : 1 : FAIL : no libcudnn.so at 0x7ffe12\nStacktrace:',
      'no libcudnn.so at (address)',
    ],
    [
      '/src/logging.h:365 static const Logger& DefaultLogger() Attempt to use it\n',
      'static const Logger& DefaultLogger() Attempt to use it',
    ],
  ] as const) {
    assert.equal((failureOf(1, text).error as Error).message, `Cannot do it: ${expected}`);
  }
});
