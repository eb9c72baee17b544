import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import { createModelCalls } from './model-calls.ts';
import type { InferRequest, InferResponse } from './interface.ts';

function createFixture() {
  const asked: { readonly request: InferRequest; readonly answer: () => void }[] = [];
  const call = createModelCalls({
    clock: createManualClock(),
    resolve: () => ({
      infer(request) {
        const { promise, resolve } = Promise.withResolvers<InferResponse>();
        const response = { outputs: new Map() } as unknown as InferResponse;
        asked.push({ request, answer: () => resolve(response) });
        return promise;
      },
    }),
  });
  const { signal } = new AbortController();
  return {
    asked,
    call: (caller: string, model: string) =>
      call({
        caller,
        model,
        version: undefined,
        inputs: new Map(),
        outputNames: ['y'],
        parameters: {},
        deadlineMs: 7,
        signal,
      }),
  };
}

test('createModelCalls() passes on deadline, signal and outputs', async () => {
  const { call, asked } = createFixture();
  const answered = call('a', 'b');
  const { request } = asked[0]!;
  assert.deepEqual([request.modelName, request.deadlineMs], ['b', 7]);
  assert.deepEqual(request.outputs, [{ name: 'y', classificationCount: 0 }]);
  asked[0]!.answer();
  assert.equal((await answered).size, 0);
});

test('createModelCalls() refuses what would wait for its caller, as long as that waits', async () => {
  const { call, asked } = createFixture();
  const circle = { code: 'failed_precondition', message: /c → a → b → c/ };
  await assert.rejects(call('a', 'a'), { message: /a → a/ });
  const calls = [call('a', 'b'), call('a', 'b'), call('b', 'c')];
  await assert.rejects(call('c', 'a'), circle);
  asked[0]!.answer();
  await calls[0];
  await assert.rejects(call('c', 'a'), circle);
  asked[1]!.answer();
  await calls[1];
  const allowed = call('c', 'a');
  for (const { answer } of asked) answer();
  await Promise.all([...calls, allowed]);
});
