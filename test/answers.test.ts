import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as sendRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { InferAnswer } from '../src/client/index.ts';
import { addModel, identityModel, rowSumModel } from '../src/testing/models/small-models.ts';
import { row } from './support/models.ts';
import { type TestServer, serve } from './support/serve.ts';

let served: TestServer;
before(async () => {
  const identity = identityModel('FP32', [-1, 4]);
  served = await serve(
    {
      'scores/1/model.onnx': identity,
      'scores/labels.txt': 'cat\ndog\n\nbird\n',
      'scores/config.pbtxt': `max_batch_size: 8
output [{ name: "output" data_type: TYPE_FP32 dims: [4] label_filename: "labels.txt" }]
`,
      'cached/1/model.onnx': identity,
      'cached/config.pbtxt': 'max_batch_size: 8\nresponse_cache { enable: true }\n',
      'uncached/1/model.onnx': identity,
      'counted/1/model.onnx': identity,
      'counted/config.pbtxt': 'max_batch_size: 8\nmetric_tags { key: "team" value: "a\\"b" }\n',
      'add/1/model.onnx': addModel({ elements: 2 }),
      'tokens/1/model.onnx': identityModel('BYTES', [-1, 2]),
      'halves/1/model.onnx': identityModel('FP16', [-1, 2]),
      'reshaped/1/model.onnx': rowSumModel(),
      'reshaped/config.pbtxt': `max_batch_size: 8
input [{ name: "values" data_type: TYPE_FP32 dims: [1, -1] reshape { shape: [-1] } }]
output [{ name: "total" data_type: TYPE_FP32 dims: [1] reshape { shape: [] } }]
`,
      'warm/1/model.onnx': identity,
      'warm/config.pbtxt': `max_batch_size: 8
input [{ name: "input" data_type: TYPE_FP32 dims: [4] }]
model_warmup [{ name: "zeros" batch_size: 2 inputs {
  key: "input" value { data_type: TYPE_FP32 dims: [4] zero_data: true } } }]
`,
    },
    { responseCacheBytes: 1024 * 1024 },
  );
});
after(() => served[Symbol.asyncDispose]());

const texts = (answer: InferAnswer, output: string): string[] =>
  (answer.outputs.get(output)!.data as Uint8Array[]).map((bytes) => Buffer.from(bytes).toString());

describe('classification', () => {
  const inputs = [
    {
      name: 'input',
      datatype: 'FP32',
      shape: [2, 4],
      data: Float32Array.of(0.1, 0.7, 0.15, 0.05, -1, -2, -3, 4),
    } as const,
  ];

  test('answers the largest elements of each item with their labels', async () => {
    for (const encoding of ['json', 'binary'] as const) {
      const answer = await served.client.infer({
        model: 'scores',
        encoding,
        inputs,
        outputs: [{ name: 'output', classificationCount: 2 }],
      });
      const output = answer.outputs.get('output')!;
      assert.deepEqual([output.datatype, output.shape], ['BYTES', [2, 2]]);
      assert.deepEqual(texts(answer, 'output'), [
        '0.700000:1:dog',
        '0.150000:2',
        '4.000000:3:bird',
        '-1.000000:0:cat',
      ]);
    }
  });

  test('answers no more classes than there are', async () => {
    const answer = await served.client.infer({
      model: 'scores',
      inputs,
      outputs: [{ name: 'output', classificationCount: 1000 }],
    });
    assert.deepEqual(answer.outputs.get('output')!.shape, [2, 4]);
  });

  test('is refused for strings and half floats', async () => {
    const outputs = [{ name: 'output', classificationCount: 1 }];
    await assert.rejects(
      served.client.infer({
        model: 'tokens',
        inputs: [{ name: 'input', datatype: 'BYTES', shape: [1, 2], data: ['a', 'b'] }],
        outputs,
      }),
      { code: 'invalid_argument', message: /BYTES/ },
    );
    await assert.rejects(
      served.client.infer({
        model: 'halves',
        inputs: [{ name: 'input', datatype: 'FP16', shape: [1, 2], data: Float16Array.of(1, 2) }],
        outputs,
      }),
      { code: 'invalid_argument', message: /FP16/ },
    );
  });
});

describe('the response cache', () => {
  const ask = (model: string, values: readonly number[], id = ''): Promise<InferAnswer> =>
    served.client.infer({ model, id, inputs: [row('input', values)], timings: true });

  test('answers an equal request without the model, and no other one', async () => {
    const first = await ask('cached', [1, 2, 3, 4], 'a');
    const again = await ask('cached', [1, 2, 3, 4], 'b');
    const other = await ask('cached', [1, 2, 3, 5]);
    assert.deepEqual(first.outputs, again.outputs);
    assert.notDeepEqual(first.outputs, other.outputs);
    assert.equal(again.id, 'b');
    assert.match(again.serverTiming!, /cache;desc="hit"/);
    assert.doesNotMatch(other.serverTiming!, /cache/);
    const [statistics] = await served.client.statistics('cached');
    const { inference_count, execution_count, inference_stats } = statistics!;
    assert.deepEqual([inference_count, execution_count], [2, 2]);
    assert.deepEqual(
      ['success', 'cache_hit', 'cache_miss', 'queue'].map((name) => inference_stats[name]!.count),
      [3, 1, 2, 2],
    );
    const labels = { model: 'cached' };
    assert.equal(await served.metric('nv_cache_num_hits_per_model', labels), 1);
    assert.equal(await served.metric('nv_cache_num_misses_per_model', labels), 2);
  });

  test('tells parameters and wanted outputs apart', async () => {
    const inputs = [row('input', [9, 9, 9, 9])];
    await served.client.infer({ model: 'cached', inputs });
    await served.client.infer({ model: 'cached', inputs, parameters: { seed: 1 } });
    await served.client.infer({ model: 'cached', inputs, parameters: { seed: '1' } });
    const [statistics] = await served.client.statistics('cached');
    assert.equal(statistics!.inference_stats['cache_hit']!.count, 1);
  });

  test('leaves a model alone that does not ask for it', async () => {
    await ask('uncached', [1, 2, 3, 4]);
    await ask('uncached', [1, 2, 3, 4]);
    const [statistics] = await served.client.statistics('uncached');
    assert.equal(statistics!.execution_count, 2);
    assert.equal(
      await served.metric('nv_cache_num_hits_per_model', { model: 'uncached' }),
      undefined,
    );
  });
});

test('statistics and metrics count every request exactly once', async () => {
  const send = (rowCount: number): Promise<unknown> =>
    served.client.infer({
      model: 'counted',
      inputs: [
        {
          name: 'input',
          datatype: 'FP32',
          shape: [rowCount, 4],
          data: new Float32Array(rowCount * 4),
        },
      ],
    });
  for (const rowCount of [1, 2, 2, 8]) await send(rowCount);
  await assert.rejects(send(9), /batch-size must be <= 8/);
  await assert.rejects(send(0), /batch-size must be >= 1/);
  const [statistics] = await served.client.statistics('counted');
  const { inference_count, execution_count, inference_stats, batch_stats } = statistics!;
  assert.deepEqual([inference_count, execution_count], [13, 4]);
  assert.deepEqual(
    batch_stats.map((entry) => [entry.batch_size, entry.compute_infer.count]),
    [
      [1, 1],
      [2, 2],
      [8, 1],
    ],
  );
  const stages = ['queue', 'compute_input', 'compute_infer', 'compute_output'];
  for (const stage of ['success', ...stages]) {
    assert.equal(inference_stats[stage]!.count, 4, stage);
  }
  assert.equal(inference_stats['fail']!.count, 2);
  const stageNs = stages.reduce((sum, stage) => sum + inference_stats[stage]!.ns, 0);
  assert.ok(stageNs <= inference_stats['success']!.ns, 'the stages are parts of the whole');
  assert.ok(Math.abs(statistics!.last_inference - Date.now()) < 60_000);

  const read = (name: string, more = {}): Promise<number | undefined> =>
    served.metric(name, { model: 'counted', version: '1', ...more });
  assert.equal(await read('nv_inference_request_success'), 4);
  assert.equal(await read('nv_inference_request_failure', { reason: 'OTHER' }), 2);
  assert.equal(await read('nv_inference_count'), 13);
  assert.equal(await read('nv_inference_exec_count'), 4);
  assert.equal(await read('headway_request_duration_seconds_count'), 6);
  assert.equal(await read('headway_queue_duration_seconds_count'), 4);
  assert.equal(await read('headway_batch_wait_duration_seconds_count'), 4);
  assert.equal(await read('headway_execute_duration_seconds_count'), 4);
  assert.equal(await read('headway_batch_size_sum'), 13);
  assert.equal(await read('headway_in_flight_requests'), 0);
  assert.equal(await read('headway_queue_depth'), 0);
  const text = await (await fetch(`${served.server.urls.metrics}/metrics`)).text();
  assert.ok(text.includes('_team="a\\"b"'), 'metric tags are escaped');
  assert.match(text, /^headway_event_loop_lag_seconds\{quantile="0\.99"\} \d/m);
});

describe('what a server tells of itself', () => {
  test('its metadata names only extensions that work', async () => {
    const { name, version, extensions } = await served.client.serverMetadata();
    assert.equal(name, 'headway');
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.deepEqual(extensions.toSorted(), [
      'binary_tensor_data',
      'classification',
      'logging',
      'model_configuration',
      'model_files',
      'model_repository',
      'parameters',
      'schedule_policy',
      'statistics',
      'trace',
    ]);
  });

  test('a model its inputs and outputs, with the batch dimension', async () => {
    assert.deepEqual(await served.client.modelMetadata('add'), {
      name: 'add',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 2] },
        { name: 'b', datatype: 'FP32', shape: [-1, 2] },
      ],
      outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1, 2] }],
    });
  });

  test('and its completed config, in the words of a config file', async () => {
    const config = await served.client.modelConfig('add');
    assert.equal(config['max_batch_size'], 4);
    assert.equal(config['backend'], 'onnxruntime');
    assert.deepEqual(
      (config['input'] as { data_type: string; dims: unknown }[]).map((input) => input.data_type),
      ['TYPE_FP32', 'TYPE_FP32'],
    );
  });

  test('a model that was warmed up has answered nobody yet', async () => {
    const [statistics] = await served.client.statistics('warm');
    assert.deepEqual([statistics!.inference_count, statistics!.last_inference], [0, 0]);
    assert.ok((await served.metric('nv_model_load_duration_secs', { model: 'warm' }))! > 0);
  });
});

const ok = [row('a', [1, 2]), row('b', [3, 4])];

describe('a request', () => {
  test('gets its id back, and only the outputs it asks for', async () => {
    const answer = await served.client.infer({
      model: 'add',
      inputs: ok,
      id: 'é 1',
      outputs: ['sum'],
    });
    assert.deepEqual([answer.id, [...answer.outputs.keys()]], ['é 1', ['sum']]);
  });

  test('may name its inputs in any order', async () => {
    const answer = await served.client.infer({ model: 'add', inputs: ok.toReversed() });
    assert.deepEqual([...(answer.outputs.get('sum')!.data as Float32Array)], [4, 6]);
  });

  test('has the shapes of the config where that reshapes those of the model', async () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const inputs = [{ name: 'values', datatype: 'FP32', shape: [2, 1, 3], data: values } as const];
    const total = (await served.client.infer({ model: 'reshaped', inputs })).outputs.get('total')!;
    assert.deepEqual(
      [total.shape, [...total.data]],
      [
        [2, 1],
        [6, 15],
      ],
    );
    const { inputs: told } = await served.client.modelMetadata('reshaped');
    assert.deepEqual(told[0]!.shape, [-1, 1, -1]);
  });

  test('is refused with what is wrong about it', async () => {
    const cases: [Parameters<typeof served.client.infer>[0], RegExp][] = [
      [{ model: 'add', inputs: [ok[0]!] }, /missing required input\(s\) \['b'\]/],
      [{ model: 'add', inputs: [...ok, row('c', [1])] }, /unexpected inference input 'c'/],
      [
        { model: 'add', inputs: [row('a', [1]), row('b', [1])] },
        /unexpected shape for input 'b'.*Expected \[-1,2\], got \[1,1\]/,
      ],
      [{ model: 'add', inputs: ok, outputs: ['total'] }, /unexpected inference output 'total'/],
      [{ model: 'none', inputs: ok }, /Request for unknown model: 'none' is not found/],
      [{ model: 'add', version: '7', inputs: ok }, /'add' version 7 is not found/],
      [{ model: 'add', inputs: [ok[0]!, { ...ok[1]!, shape: [2, 1] }] }, /unexpected shape/],
    ];
    for (const [request, expected] of cases)
      await assert.rejects(served.client.infer(request), expected);
  });
});

test('bodies may be compressed, both ways', async () => {
  const json = JSON.stringify({
    inputs: ok.map(({ name, datatype, shape, data }) => ({
      name,
      datatype,
      shape,
      data: [...data],
    })),
  });
  for (const [coding, pack, unpack] of [
    ['gzip', gzipSync, gunzipSync],
    ['deflate', deflateSync, inflateSync],
  ] as const) {
    const { status, headers, body } = await exchange(`${served.url}/v2/models/add/infer`, {
      headers: { 'Content-Encoding': coding, 'Accept-Encoding': coding },
      body: pack(json),
    });
    assert.deepEqual([status, headers['content-encoding']], [200, coding]);
    assert.deepEqual(JSON.parse(unpack(body).toString()).outputs[0].data, [4, 6]);
  }
});

/** Posts without the conveniences of `fetch`, which would decompress the answer. */
async function exchange(
  url: string,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: Buffer },
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: Buffer }> {
  const sent = sendRequest(url, { method: 'POST', headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}
