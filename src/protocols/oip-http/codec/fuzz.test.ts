import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { datatypes } from '../../../core/datatype.ts';
import { HeadwayError } from '../../../core/error.ts';
import { arbitraryTensor, jsonDatatypes } from '../../../testing/arbitrary-tensors.ts';
import { createFakeServer } from '../../../testing/fake-server.ts';
import { startOipServer } from '../../../testing/http-exchange.ts';
import { statusByCode } from '../status.ts';
import { createInferDecoder } from './request.ts';
import { encodeInferRequest } from './request-write.ts';
import { decodeInferResponse } from './response-read.ts';

const decodeInferRequest = createInferDecoder();

interface Message {
  readonly headerLength: number | undefined;
  readonly body: Buffer;
}

/** A good request of one input. */
const goodMessage: fc.Arbitrary<Message> = fc.boolean().chain((binary) =>
  arbitraryTensor(binary ? datatypes : jsonDatatypes, { text: true }).map((tensor) => {
    const {
      headerLength,
      json,
      binary: data,
    } = encodeInferRequest({
      id: 'id',
      inputs: new Map([['x', tensor]]),
      outputs: [{ name: 'y', classificationCount: 2 }],
      parameters: { priority: 1, timeout: 10, own: 'value' },
      binary,
    });
    return { headerLength, body: Buffer.concat([Buffer.from(json), ...data]) };
  }),
);

type Mutation = (body: Buffer) => Buffer;

/** Pieces that mean something to the reader. */
const marks = [
  '"',
  '\\',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '0',
  '-',
  '.',
  'e',
  'NaN',
  'null',
  '\u0000',
];
const members = ['"data":[', '"shape":[-1]', '"binary_data_size":99', '1e999', '9'.repeat(20)];
const pieces = fc.oneof(fc.constantFrom(...marks), fc.constantFrom(...members));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]): Mutation => (body) => {
    const copy = Buffer.from(body);
    if (copy.byteLength > 0) copy[at % copy.byteLength] = byte;
    return copy;
  }),
  fc.tuple(fc.nat(), fc.nat({ max: 20 })).map(([at, count]): Mutation => (body) => {
    const start = at % (body.byteLength + 1);
    return Buffer.concat([body.subarray(0, start), body.subarray(start + count)]);
  }),
  fc.tuple(fc.nat(), pieces).map(([at, piece]): Mutation => (body) => {
    const start = at % (body.byteLength + 1);
    return Buffer.concat([body.subarray(0, start), Buffer.from(piece), body.subarray(start)]);
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([from, to]): Mutation => (body) => {
    const start = from % (body.byteLength + 1);
    const end = start + (to % (body.byteLength + 1 - start));
    return Buffer.concat([body.subarray(0, end), body.subarray(start)]);
  }),
);

const badMessage: fc.Arbitrary<Message> = fc
  .tuple(
    goodMessage,
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([{ headerLength, body }, mutations, shift]) => {
    const changed = mutations.reduce((bytes, mutate) => mutate(bytes), body);
    const length = headerLength === undefined ? undefined : Math.max(1, headerLength + shift);
    return { body: changed, headerLength: length && Math.min(length, changed.byteLength) };
  });

/** Only the client's fault may be found in a client's bytes. */
function assertClientError(thrown: unknown): void {
  assert.ok(thrown instanceof HeadwayError, String(thrown));
  const status = statusByCode[thrown.code];
  assert.ok(status < 500 || status === 501, `${thrown.code}: ${thrown.message}`);
  assert.ok(thrown.message.length < 1000);
}

test("decodeInferRequest() answers any bytes with a request or with the client's error", async () => {
  await fc.assert(
    fc.asyncProperty(badMessage, async ({ body, headerLength }) => {
      try {
        await decodeInferRequest(body, { headerLength, modelName: 'm', maxJsonTensorBytes: 1e6 });
      } catch (thrown) {
        assertClientError(thrown);
      }
    }),
    { numRuns: 2000 },
  );
});

test('decodeInferResponse() answers any bytes with an answer or with an error of its own', () => {
  fc.assert(
    fc.property(badMessage, ({ body, headerLength }) => {
      const text = body.toString('latin1').replace('"inputs"', '"model_name":"m","outputs"');
      try {
        decodeInferResponse(Buffer.from(text, 'latin1'), headerLength);
      } catch (thrown) {
        assertClientError(thrown);
      }
    }),
    { numRuns: 500 },
  );
});

test('a server stays up and blames the client, whatever bodies it is sent', async () => {
  await using server = await startOipServer(createFakeServer());
  await fc.assert(
    fc.asyncProperty(badMessage, async ({ body, headerLength }) => {
      const headers = new Headers();
      if (headerLength !== undefined) {
        headers.set('inference-header-content-length', String(headerLength));
      }
      const path = '/v2/models/echo/infer';
      const answer = await fetch(server.url + path, { method: 'POST', body, headers });
      await answer.arrayBuffer();
      assert.ok(answer.status < 500 || answer.status === 501, String(answer.status));
    }),
    { numRuns: 200 },
  );
  assert.equal((await fetch(`${server.url}/v2/health/live`)).status, 200);
});
