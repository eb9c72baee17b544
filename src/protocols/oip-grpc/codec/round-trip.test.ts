import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { datatypes } from '../../../core/datatype.ts';
import { arbitraryTensor } from '../../../testing/arbitrary-tensors.ts';
import { decodeInferRequest } from './infer-request-read.ts';
import { encodeInferRequest } from './infer-request-write.ts';
import { decodeInferResponse, decodeStreamResponse } from './infer-response-read.ts';
import {
  encodeInferResponse,
  encodeStreamError,
  encodeStreamResponse,
} from './infer-response-write.ts';

const text = fc.string({ unit: 'binary', maxLength: 8 });
const tensors = fc
  .array(fc.tuple(text, arbitraryTensor(datatypes, { text: false })), {
    maxLength: 3,
  })
  .map((entries) => new Map(entries));
const parameters = fc.dictionary(
  text.filter((name) => !reserved.test(name)),
  fc.oneof(
    fc.boolean(),
    text,
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  ),
  { maxKeys: 3, noNullPrototype: true },
);
const reserved = /^(?:triton_|priority$|timeout$|sequence_)/;
const plainForm = { outputRegions: new Map(), parameters: {} };

function plain(named: ReadonlyMap<string, { readonly data: Uint8Array }>): unknown {
  return [...named].map(([name, { data, ...rest }]) => [name, { ...rest, data: [...data] }]);
}

test('a request that is written is read as it was', () => {
  const request = fc.record({
    modelName: text,
    modelVersion: text,
    id: text,
    inputs: tensors,
    outputs: fc.uniqueArray(
      fc.record({ name: text, classificationCount: fc.nat(9) }, { noNullPrototype: true }),
      {
        selector: ({ name }) => name,
        maxLength: 3,
      },
    ),
    parameters,
  });
  fc.assert(
    fc.property(request, (written) => {
      const bytes = Buffer.concat(encodeInferRequest(written));
      const lease = (): never => assert.fail('no shared memory is named');
      const read = decodeInferRequest(bytes, { maxTypedBytes: 0, lease });
      assert.deepEqual(plain(read.inputs), plain(written.inputs));
      assert.deepEqual(read.outputs, written.outputs);
      assert.deepEqual(read.parameters, written.parameters);
      const { modelName, modelVersion, id } = written;
      assert.deepEqual([read.modelName, read.modelVersion, read.id], [modelName, modelVersion, id]);
    }),
  );
});

test('a response that is written is read as it was, alone and in a stream', () => {
  const response = fc.record({
    modelName: text,
    modelVersion: text,
    id: text,
    outputs: tensors,
    parameters,
  });
  fc.assert(
    fc.property(response, (written) => {
      const alone = decodeInferResponse(Buffer.concat(encodeInferResponse(written, plainForm)));
      const streamed = decodeStreamResponse(
        Buffer.concat(encodeStreamResponse(written, plainForm)),
      );
      assert.equal(streamed.errorMessage, '');
      for (const read of [alone, streamed.response]) {
        assert.deepEqual(
          { ...read, outputs: plain(read.outputs) },
          { ...written, outputs: plain(written.outputs) },
        );
      }
    }),
  );
});

test('a failure in a stream is read with the id of its request', () => {
  const bytes = Buffer.concat(encodeStreamError('no', 'a', { triton_final_response: true }));
  const { errorMessage, response } = decodeStreamResponse(bytes);
  assert.deepEqual([errorMessage, response.id], ['no', 'a']);
});

test('decodeInferResponse() refuses an output whose bytes do not fit its shape', () => {
  const tensor = { datatype: 'FP32', shape: [2], data: new Uint8Array(4) } as const;
  const answer = { modelName: 'm', modelVersion: '1', id: '', parameters: {} };
  const outputs = new Map([['x', tensor]]);
  const bytes = Buffer.concat(encodeInferResponse({ ...answer, outputs }, plainForm));
  assert.throws(() => decodeInferResponse(bytes), { message: /'x' .* has 4 bytes; .* 8/ });
});
