import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFrameReader } from '../../protocols/oip-grpc/codec/frames.ts';
import { encodeInferResponse } from '../../protocols/oip-grpc/codec/infer-response-write.ts';
import { createFakeServer } from '../../testing/fake-server.ts';
import { startOipServer } from '../../testing/http-exchange.ts';
import { fp32Tensor, fp32Values } from '../../testing/infer-request.ts';
import { expectGrpcOutputs, expectHttpOutputs } from '../expected/expect-outputs.ts';
import {
  prepareOipGrpcRequest,
  prepareOipHttpRequest,
  preparePlainRequest,
} from './oip-requests.ts';
import type { CheckAnswer, PreparedRequest } from './prepared-request.ts';

const inputs = new Map([['x', fp32Tensor([1, 3], [1, 2, 3])]]);
const others = new Map([['x', fp32Tensor([1, 3], [1, 2, 4])]]);
const tolerance = { absolute: 1e-6, relative: 0 };

async function post(port: number, { path, headers, body }: PreparedRequest) {
  const url = `http://127.0.0.1:${port}${path}`;
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  assert.equal(answer.status, 200);
  return {
    headers: Object.fromEntries(answer.headers),
    body: new Uint8Array(await answer.arrayBuffer()),
  };
}

test('requests over HTTP ask what was given, and their answers are held against what is expected', async () => {
  const fake = createFakeServer();
  await using server = await startOipServer(fake);
  const right: CheckAnswer = expectHttpOutputs(inputs, tolerance);
  const wrong: CheckAnswer = expectHttpOutputs(others, tolerance);
  for (const binary of [true, false]) {
    const request = prepareOipHttpRequest(inputs, { model: 'echo' }, { binary });
    const answer = await post(server.port, request);
    assert.equal(right(answer), undefined);
    assert.equal(wrong(answer), "output 'x'[0,2]: expected 4, got 3");
  }
  const versioned = prepareOipHttpRequest(
    inputs,
    { model: 'echo', version: '1' },
    { binary: true },
  );
  assert.equal(versioned.path, '/v2/models/echo/versions/1/infer');
  await post(server.port, versioned);
  assert.deepEqual(fp32Values(fake.requests[2]?.inputs.get('x')), [1, 2, 3]);
  assert.match(right({ headers: {}, body: Buffer.from('<html>') }) ?? '', /cannot be read/);
});

test('requests over gRPC are one framed message, and their answers are held against what is expected', () => {
  const request = prepareOipGrpcRequest(inputs, { model: 'echo' });
  const messages: Buffer[] = [];
  const reader = createFrameReader({
    maxBytes: 1000,
    onMessage: ({ bytes }) => void messages.push(bytes),
  });
  reader.push(request.body);
  assert.equal(messages.length, 1);
  assert.ok(reader.isBetweenMessages());
  assert.equal(request.path, '/inference.GRPCInferenceService/ModelInfer');
  const answer = { modelName: 'echo', modelVersion: '1', id: '', parameters: {}, outputs: inputs };
  const form = { outputRegions: new Map(), parameters: {} };
  const body = Buffer.concat(encodeInferResponse(answer, form));
  assert.equal(expectGrpcOutputs(inputs, tolerance)({ headers: {}, body }), undefined);
  assert.match(
    expectGrpcOutputs(others, tolerance)({ headers: {}, body }) ?? '',
    /expected 4, got 3/,
  );
  assert.match(
    expectGrpcOutputs(inputs, tolerance)({ headers: {}, body: Uint8Array.of(255) }) ?? '',
    /cannot be read/,
  );
});

test('plain requests are GET without a body', () => {
  assert.equal(preparePlainRequest('/').method, 'GET');
  const body = { bytes: Buffer.from('{}'), contentType: 'application/json' };
  assert.deepEqual(preparePlainRequest('/ask', body), {
    method: 'POST',
    path: '/ask',
    headers: { 'content-type': 'application/json' },
    body: body.bytes,
  });
});
