import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { datatypes } from '../src/core/datatype.ts';
import { identityModel } from '../src/testing/models/small-models.ts';
import { type TestServer, serve } from './support/serve.ts';

let served: TestServer;

before(async () => {
  served = await serve(
    Object.fromEntries(
      datatypes.map((datatype) => [
        `${datatype}/1/model.onnx`,
        identityModel(datatype, [-1, 'count']),
      ]),
    ),
  );
});
after(() => served[Symbol.asyncDispose]());

async function post(model: string, body: unknown): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${served.url}/v2/models/${model}/infer`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

describe('the half floats', () => {
  for (const datatype of ['FP16', 'BF16'] as const) {
    test(`${datatype} is refused in JSON, both ways`, async () => {
      const inJson = await post(datatype, {
        inputs: [{ name: 'input', datatype, shape: [1, 1], data: [1] }],
      });
      assert.equal(inJson.status, 400);
      assert.match(inJson.text, new RegExp(datatype));
      const header = JSON.stringify({
        inputs: [{ name: 'input', datatype, shape: [1, 1], parameters: { binary_data_size: 2 } }],
      });
      const outJson = await fetch(`${served.url}/v2/models/${datatype}/infer`, {
        method: 'POST',
        headers: { 'Inference-Header-Content-Length': String(header.length) },
        body: Buffer.concat([Buffer.from(header), Buffer.from([0, 0x3c])]),
      });
      assert.equal(outJson.status, 400);
      assert.match(await outJson.text(), new RegExp(datatype));
    });
  }
});

describe('JSON tensors', () => {
  test('take NaN and infinities as bare tokens and give them back', async () => {
    const { status, text } = await post(
      'FP32',
      '{"inputs":[{"name":"input","datatype":"FP32","shape":[1,3],"data":[NaN,-Infinity,Infinity]}]}',
    );
    assert.equal(status, 200);
    assert.match(text, /"data":\[NaN,-Infinity,Infinity\]/);
  });

  test('may be nested, and must hold as many elements as the shape says', async () => {
    const input = { name: 'input', datatype: 'INT32', shape: [2, 2] };
    const nested = await post('INT32', {
      inputs: [
        {
          ...input,
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
    });
    assert.equal(nested.status, 200);
    assert.deepEqual(JSON.parse(nested.text).outputs[0].data, [1, 2, 3, 4]);
    for (const data of [[1, 2, 3], [1, 2, 3, 4, 5], [[1, 2], [3]], []]) {
      assert.equal((await post('INT32', { inputs: [{ ...input, data }] })).status, 400);
    }
  });

  test('are refused with a fraction or a text where the datatype has whole numbers', async () => {
    for (const data of ['[1.5]', '[1.0]', '["1"]', '[true]', '[null]', '[{}]', '1', '"x"']) {
      const { status } = await post(
        'INT64',
        `{"inputs":[{"name":"input","datatype":"INT64","shape":[1,1],"data":${data}}]}`,
      );
      assert.equal(status, 400, data);
    }
  });

  test('are refused as another datatype than the model has', async () => {
    const { status, text } = await post('INT64', {
      inputs: [{ name: 'input', datatype: 'INT32', shape: [1, 1], data: [1] }],
    });
    assert.equal(status, 400);
    assert.match(text, /data-type is 'INT32', but model 'INT64' expects 'INT64'/);
  });
});

describe('tensors of any size', () => {
  test('one of 32 MB comes back whole', async () => {
    const data = new Float64Array(4 * 1024 * 1024);
    for (let index = 0; index < data.length; index += 1000) data[index] = index;
    const { outputs } = await served.client.infer({
      model: 'FP64',
      inputs: [{ name: 'input', datatype: 'FP64', shape: [4, 1024 * 1024], data }],
    });
    const output = outputs.get('output')!;
    assert.equal(Buffer.compare(bytesOf(output.data as Float64Array), bytesOf(data)), 0);
  });

  test('strings that fill megabytes come back whole', async () => {
    const data = ['x'.repeat(3_000_000), '', 'y'.repeat(2_000_000), 'end'];
    const { outputs } = await served.client.infer({
      model: 'BYTES',
      inputs: [{ name: 'input', datatype: 'BYTES', shape: [2, 2], data }],
    });
    const texts = (outputs.get('output')!.data as Uint8Array[]).map((one) =>
      Buffer.from(one).toString(),
    );
    assert.ok(texts.every((text, index) => text === data[index]));
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

test('a raw request is one input, and its outputs are binary', async () => {
  const values = Float32Array.of(1, 2, 3);
  const answer = await fetch(`${served.url}/v2/models/FP32/infer`, {
    method: 'POST',
    headers: { 'Inference-Header-Content-Length': '0' },
    body: values,
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  const headerLength = Number(answer.headers.get('inference-header-content-length'));
  const body = Buffer.from(await answer.arrayBuffer());
  assert.deepEqual([...body.subarray(headerLength)], [...new Uint8Array(values.buffer)]);
  assert.deepEqual(JSON.parse(body.toString('utf8', 0, headerLength)).outputs[0].shape, [1, 3]);
});

test('a shape whose size no machine has is refused, not allocated', async () => {
  for (const shape of [
    [1, 2 ** 40],
    [2 ** 31, 2 ** 31],
    [1, -1],
    [1, 1.5],
    [1e300, 1],
  ]) {
    const { status } = await post('UINT8', {
      inputs: [{ name: 'input', datatype: 'UINT8', shape, data: [1] }],
    });
    assert.equal(status, 400, JSON.stringify(shape));
  }
});
