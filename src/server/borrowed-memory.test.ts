import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackendInstance } from '../backends/backend.ts';
import type { BatchResult } from '../core/batch.ts';
import type { Tensor } from '../core/tensor.ts';
import { fp32Tensor, inferRequest } from '../testing/infer-request.ts';
import { deliverOutputs, holdingMemory, steadyInputs } from './borrowed-memory.ts';
import type { SharedMemoryLease } from './interface.ts';

function createLease() {
  const state = { heldCount: 0 };
  const lease: SharedMemoryLease = {
    borrow: () => new Uint8Array(0),
    hold() {
      state.heldCount += 1;
      return () => void (state.heldCount -= 1);
    },
    release: () => {},
  };
  return { lease, state };
}

const noResult: BatchResult = { items: [], timings: { inputMs: 0, inferMs: 0, outputMs: 0 } };

function instanceOf(execute: BackendInstance['execute']): BackendInstance {
  return holdingMemory({ execute, [Symbol.asyncDispose]: async () => {} });
}

function batchOf(memory: SharedMemoryLease | undefined) {
  const request = { id: '', inputs: new Map(), outputNames: ['y'], parameters: {} };
  return { requests: [{ ...request, memory }, request] };
}

test('holdingMemory() holds what is borrowed for as long as the run takes', async () => {
  const { signal } = new AbortController();
  const { lease, state } = createLease();
  const seen: number[] = [];
  const inline = instanceOf(() => {
    seen.push(state.heldCount);
    return noResult;
  });
  assert.equal(inline.execute(batchOf(lease), signal), noResult);
  const { promise, resolve, reject } = Promise.withResolvers<BatchResult>();
  const answer = instanceOf(() => promise).execute(batchOf(lease), signal);
  seen.push(state.heldCount);
  resolve(noResult);
  await answer;
  seen.push(state.heldCount);
  assert.deepEqual(seen, [1, 1, 0]);
  reject(new Error('no more'));
});

test('holdingMemory() lets go when the run fails', async () => {
  const { signal } = new AbortController();
  const { lease, state } = createLease();
  const failure = new Error('broken');
  const throwing = instanceOf(() => {
    throw failure;
  });
  assert.throws(() => throwing.execute(batchOf(lease), signal), failure);
  const rejecting = instanceOf(() => Promise.reject(failure));
  await assert.rejects(async () => rejecting.execute(batchOf(lease), signal), failure);
  assert.equal(state.heldCount, 0);
});

test('steadyInputs() copies strings out of borrowed memory and leaves numbers in it', () => {
  const numbers = fp32Tensor([2], [1, 2]);
  const strings: Tensor = { datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 65) };
  const inputs = new Map([
    ['n', numbers],
    ['s', strings],
  ]);
  const own = steadyInputs(inferRequest({ modelName: 'm', inputs }));
  assert.equal(own, inputs);
  const { lease: memory } = createLease();
  const steady = steadyInputs(inferRequest({ modelName: 'm', inputs, memory }));
  assert.equal(steady.get('n'), numbers);
  assert.deepEqual(steady.get('s'), strings);
  assert.notEqual(steady.get('s')?.data.buffer, strings.data.buffer);
});

test('deliverOutputs() writes to the targets, and copies views of borrowed memory', () => {
  const { lease: memory } = createLease();
  const input = fp32Tensor([2], [1, 2]);
  const region = new Uint8Array(32);
  const request = inferRequest({
    modelName: 'm',
    inputs: new Map([['x', input]]),
    outputs: [
      { name: 'y', classificationCount: 0, target: region.subarray(8, 24) },
      { name: 'x', classificationCount: 0 },
    ],
    memory,
  });
  const outputs = new Map([
    ['y', fp32Tensor([2], [3, 4])],
    ['x', input],
  ]);
  const delivered = deliverOutputs(request, outputs);
  assert.equal(delivered.get('y')?.data.buffer, region.buffer);
  assert.equal(delivered.get('y')?.data.byteLength, 8);
  assert.deepEqual([...new Float32Array(region.buffer, 8, 2)], [3, 4]);
  assert.deepEqual(delivered.get('x'), input);
  assert.notEqual(delivered.get('x')?.data.buffer, input.data.buffer);
});

test('deliverOutputs() refuses a target that is too small', () => {
  const { lease: memory } = createLease();
  const outputs = [{ name: 'y', classificationCount: 0, target: new Uint8Array(7) }];
  const request = inferRequest({ modelName: 'm', inputs: new Map(), outputs, memory });
  assert.throws(() => deliverOutputs(request, new Map([['y', fp32Tensor([2], [3, 4])]])), {
    code: 'internal',
    message:
      "shared memory size specified with the request for output 'y' (7 bytes) should be at least 8 bytes to hold the results",
  });
});
