import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { datatypes } from '../../core/datatype.ts';
import { HeadwayError, errorCodes } from '../../core/error.ts';
import type { Tensor } from '../../core/tensor.ts';
import { arbitraryTensor } from '../../testing/arbitrary-tensors.ts';
import { floats, plainModelConfig, requestOf } from '../../testing/backend-runs.ts';
import { readResponses } from './read-responses.ts';
import { readCall, readSignature, readTensor } from './read-sent.ts';
import { headwayErrorOf, readSentError, sentErrorOf } from './sent-error.ts';

/** What comes out of the channel between the processes. */
function passed(value: unknown): unknown {
  return deserialize(serialize(value));
}

const anyTensor = arbitraryTensor(datatypes, { text: false });

/** Anything that goes through the channel, often nearly what is expected. */
const anything = fc.anything({ withMap: true, withBigInt: true, withTypedArray: true });
const odd = fc.oneof(
  anything,
  fc.constant({ toString: 0, valueOf: 0 }),
  fc.record({ datatype: fc.constantFrom(...datatypes, 'X') }),
);
const oddTensor = fc.oneof(
  odd,
  fc.record({
    datatype: fc.oneof(fc.constantFrom<string>(...datatypes), odd),
    shape: fc.oneof(fc.array(fc.oneof(fc.integer({ min: -2, max: 5 }), fc.double())), odd),
    data: fc.oneof(fc.uint8Array(), odd),
  }),
);

const signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
} as const;

test('tensors come through between processes as they are', () => {
  fc.assert(
    fc.property(anyTensor, (tensor) => {
      const { data, ...read } = readTensor(passed(tensor)) as Tensor;
      assert.deepEqual({ ...read, data: new Uint8Array(data) }, tensor);
    }),
  );
});

test('a tensor that lacks bytes or has too many is refused', () => {
  fc.assert(
    fc.property(anyTensor, fc.boolean(), ({ data, ...rest }, isLonger) => {
      fc.pre(isLonger || data.byteLength > 0);
      const wrong = isLonger ? Buffer.concat([data, Buffer.of(1)]) : data.subarray(1);
      assert.match(String(readTensor({ ...rest, data: wrong })), /^has /);
    }),
  );
  fc.assert(fc.property(oddTensor, (value) => void readTensor(value)));
});

test('calls of other models come through, and what is no call is refused', () => {
  const names = fc.string({ minLength: 1 });
  const calls = fc.record({
    model: names,
    version: fc.option(fc.nat(), { nil: undefined }),
    inputs: fc.array(fc.tuple(names, anyTensor)).map((entries) => new Map(entries)),
    outputNames: fc.array(names),
    parameters: fc.record({ some: fc.oneof(fc.string(), fc.boolean(), fc.nat()) }),
  });
  fc.assert(
    fc.property(calls, (call) => {
      assert.deepEqual(passed(readCall(passed(call))), passed(call));
    }),
  );
  const oddCall = fc.record({ model: odd, inputs: fc.dictionary(names, oddTensor), rest: odd });
  fc.assert(
    fc.property(fc.oneof(odd, oddCall), (value) => {
      assert.throws(() => readCall(value), { code: 'invalid_argument' });
    }),
  );
});

test('whatever a script answers, each request gets its outputs or an error that says why', () => {
  const requests = [requestOf({ x: floats([1], [1]) }, 'y')];
  const expected = { config: plainModelConfig({ name: 'm' }), signature };
  const outputs = fc.dictionary(fc.constantFrom('y', 'z'), oddTensor);
  const response = fc.record({
    kind: fc.constantFrom('done', 'failed', 'other'),
    value: fc.oneof(
      outputs.map((byName) => new Map(Object.entries(byName))),
      odd,
    ),
    error: odd,
  });
  fc.assert(
    fc.property(fc.oneof(odd, fc.array(fc.oneof(response, odd), { maxLength: 2 })), (value) => {
      const [item, ...more] = readResponses(value, requests, expected);
      assert.deepEqual(more, []);
      if (item?.kind === 'failed') assert.ok(item.error instanceof HeadwayError);
      else assert.equal(item?.outputs.get('y')?.datatype, 'FP32');
    }),
  );
});

test('a signature is read as it is, and what is none is refused', () => {
  assert.deepEqual(readSignature(passed(signature)), signature);
  assert.equal(readSignature(undefined), undefined);
  fc.assert(
    fc.property(fc.oneof(odd, fc.record({ inputs: odd, outputs: fc.array(odd) })), (value) => {
      fc.pre(value !== undefined);
      try {
        const { inputs, outputs } = readSignature(value)!;
        for (const { datatype } of [...inputs, ...outputs]) assert.ok(datatypes.includes(datatype));
      } catch (error) {
        assert.equal((error as HeadwayError).code, 'invalid_argument');
      }
    }),
  );
});

test('errors come through with code and text; of others clients see no text', () => {
  const anyText = fc.string({ maxLength: 100 });
  fc.assert(
    fc.property(fc.constantFrom(...errorCodes), anyText, (code, text) => {
      const sent = readSentError(passed(sentErrorOf(new HeadwayError(code, text))));
      const error = headwayErrorOf(sent, 'It failed');
      assert.deepEqual([error.code, error.message], [code, text]);
    }),
  );
  fc.assert(
    fc.property(anything, (thrown) => {
      const error = headwayErrorOf(readSentError(passed(sentErrorOf(thrown))), 'It failed');
      assert.equal(error.code, 'internal');
      assert.equal(error.message, 'It failed; the server log has the details.');
    }),
  );
  const oddError = fc.oneof(odd, fc.record({ code: odd, message: odd, stack: odd }));
  fc.assert(
    fc.property(oddError, (value) => void headwayErrorOf(readSentError(value), 'It failed')),
  );
});
