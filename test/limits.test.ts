import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HeadwayError } from '../src/client/index.ts';
import { blockingModel, occupy, quick, slowRows } from './support/models.ts';
import { type TestServer, serve, until } from './support/serve.ts';

const one = 'max_batch_size: 0\ninstance_group [{ count: 1 }]\n';

let served: TestServer;
before(async () => {
  const model = blockingModel();
  served = await serve({
    'plain/1/model.onnx': model,
    'plain/config.pbtxt': one,
    'small/1/model.onnx': model,
    'small/config.pbtxt': `${one}dynamic_batching { default_queue_policy { max_queue_size: 2 } }\n`,
    'levels/1/model.onnx': model,
    'levels/config.pbtxt': `${one}dynamic_batching { priority_levels: 3 default_priority_level: 2 }\n`,
    'ordered/1/model.onnx': blockingModel({ isSummed: true }),
    'ordered/config.pbtxt': `max_batch_size: 0
instance_group [{ count: 2 }]
dynamic_batching { preserve_ordering: true }\n`,
    'impatient/1/model.onnx': model,
    'impatient/config.pbtxt': `${one}dynamic_batching {
  default_queue_policy { default_timeout_microseconds: 100000 }
}\n`,
    'delayed/1/model.onnx': model,
    'delayed/config.pbtxt': `${one}dynamic_batching {
  default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1 }
}\n`,
  });
});
after(() => served[Symbol.asyncDispose]());

async function failure(answer: Promise<unknown>): Promise<HeadwayError> {
  const error = await answer.then(
    () => assert.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HeadwayError, String(error));
  return error;
}

async function untilQueued(model: string, count: number): Promise<void> {
  await until(async () => (await served.metric('headway_queue_depth', { model })) === count);
}

async function rejected(model: string, reason: string): Promise<number | undefined> {
  return served.metric('headway_rejected_requests_total', { model, reason });
}

describe('a queue', () => {
  test('that is full refuses with 429 and Retry-After, and is exactly as long as it may be', async () => {
    const occupation = await occupy(served, 'small');
    const waiting = [quick(served.client, 'small'), quick(served.client, 'small')];
    await untilQueued('small', 2);
    const answer = await fetch(`${served.url}/v2/models/small/infer`, {
      method: 'POST',
      body: JSON.stringify({
        inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 256], data: [...slowRows(1).data] }],
      }),
    });
    assert.equal(answer.status, 429);
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    assert.match(await answer.text(), /Exceeds maximum queue size/);
    assert.equal(await rejected('small', 'queue_full'), 1);
    assert.equal(
      await served.metric('nv_inference_request_failure', { model: 'small', reason: 'REJECTED' }),
      1,
    );
    await occupation.release();
    await Promise.all(waiting);
  });

  test('runs what is more important first', async () => {
    const occupation = await occupy(served, 'levels');
    const order: string[] = [];
    const send = async (name: string, priority: number): Promise<void> => {
      await quick(served.client, 'levels', { priority });
      order.push(name);
    };
    const sent = [];
    for (const [name, priority] of [
      ['low', 3],
      ['default', 0],
      ['middle', 2],
      ['high', 1],
    ] as const) {
      sent.push(send(name, priority));
      await untilQueued('levels', sent.length);
    }
    await occupation.release();
    await Promise.all(sent);
    assert.deepEqual(order, ['high', 'default', 'middle', 'low']);
  });

  test('gives up what waited longer than its own timeout, though the config names none', async () => {
    const occupation = await occupy(served, 'plain');
    const error = await failure(
      quick(served.client, 'plain', { queueTimeoutMicroseconds: 20_000 }),
    );
    assert.equal(error.code, 'unavailable');
    assert.match(error.message, /Request timeout expired/);
    assert.equal(await rejected('plain', 'timeout'), 1);
    assert.equal(await served.metric('headway_queue_depth', { model: 'plain' }), 0);
    await occupation.release();
  });

  test('gives up what waited longer than the config allows, whatever longer time it asks for', async () => {
    const occupation = await occupy(served, 'impatient');
    const error = await failure(
      quick(served.client, 'impatient', { queueTimeoutMicroseconds: 100_000_000 }),
    );
    assert.match(error.message, /Request timeout expired/);
    await occupation.release();
  });

  test('does not give up what waited too long where the config delays it instead', async () => {
    const occupation = await occupy(served, 'delayed');
    const waiting = [quick(served.client, 'delayed'), quick(served.client, 'delayed')];
    await untilQueued('delayed', 2);
    await occupation.release();
    await Promise.all(waiting);
    assert.equal(await rejected('delayed', 'timeout'), 0);
  });
});

describe('a deadline', () => {
  test('that passes while the request waits ends it with 503, and it is counted', async () => {
    const occupation = await occupy(served, 'plain');
    const already = (await rejected('plain', 'would_miss_deadline')) ?? 0;
    const error = await failure(quick(served.client, 'plain', { deadlineMs: 30 }));
    assert.equal(error.code, 'unavailable');
    assert.equal(await rejected('plain', 'would_miss_deadline'), already + 1);
    await occupation.release();
  });

  test('that passes while the request runs ends it with 504 and terminates the run', async () => {
    const misses = (await served.metric('headway_deadline_misses_total', { model: 'plain' })) ?? 0;
    const error = await failure(
      served.client.infer({ model: 'plain', inputs: [slowRows(20_000)], deadlineMs: 300 }),
    );
    assert.equal(error.code, 'deadline_exceeded');
    assert.equal(
      await served.metric('headway_deadline_misses_total', { model: 'plain' }),
      misses + 1,
    );
    // Only a terminated run leaves the instance free for this one.
    await quick(served.client, 'plain');
  });

  test('that cannot be kept is refused at once, before the instance is free', async () => {
    for (let run = 0; run < 3; run += 1) await quick(served.client, 'levels');
    const [statistics] = await served.client.statistics('levels');
    const { ns, count } = statistics!.inference_stats['compute_infer']!;
    const runMs = ns / count / 1e6;
    const occupation = await occupy(served, 'levels');
    const waiting = Array.from({ length: 10 }, () => quick(served.client, 'levels'));
    await untilQueued('levels', 10);
    const already = (await rejected('levels', 'would_miss_deadline')) ?? 0;
    const error = await failure(
      quick(served.client, 'levels', { deadlineMs: runMs * 3, priority: 3 }),
    );
    assert.equal(await rejected('levels', 'would_miss_deadline'), already + 1);
    assert.equal(await served.metric('headway_queue_depth', { model: 'levels' }), 10);
    assert.equal(error.code, 'unavailable');
    assert.match(error.message, /^Request refused: /);
    assert.ok((error.retryAfterMs ?? 0) >= 1000);
    await occupation.release();
    await Promise.all(waiting);
  });

  test('that is no number is refused', async () => {
    const answer = await fetch(`${served.url}/v2/models/plain/infer`, {
      method: 'POST',
      headers: { 'headway-deadline-ms': 'soon' },
      body: '{}',
    });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /headway-deadline-ms/);
  });
});

describe('a client that goes away', () => {
  test('takes its request out of the queue', async () => {
    const occupation = await occupy(served, 'plain');
    const gone = new AbortController();
    const answer = failure(quick(served.client, 'plain', { signal: gone.signal }));
    await untilQueued('plain', 1);
    const runs = (await served.client.statistics('plain'))[0]!.execution_count;
    gone.abort();
    assert.equal((await answer).code, 'cancelled');
    await untilQueued('plain', 0);
    assert.equal(await rejected('plain', 'cancelled'), 1);
    await occupation.release();
    assert.equal((await served.client.statistics('plain'))[0]!.execution_count, runs);
  });

  test('terminates the run it alone waits for', async () => {
    const cancelled = { model: 'plain', reason: 'CANCELED' };
    const already = (await served.metric('nv_inference_request_failure', cancelled)) ?? 0;
    const occupation = await occupy(served, 'plain');
    await occupation.release();
    assert.equal(await served.metric('nv_inference_request_failure', cancelled), already + 1);
    // The request would run for minutes: this answer comes because it was ended.
    await quick(served.client, 'plain');
  });

  test('does not end the requests of others', async () => {
    const occupation = await occupy(served, 'plain');
    const gone = new AbortController();
    const left = failure(quick(served.client, 'plain', { signal: gone.signal }));
    const stays = quick(served.client, 'plain');
    await untilQueued('plain', 2);
    gone.abort();
    await left;
    await occupation.release();
    assert.equal((await stays).outputs.get('output')?.shape[0], 1);
  });
});

test('answers keep the order of the requests where the config asks for it', async () => {
  const order: string[] = [];
  const long = served.client
    .infer({ model: 'ordered', inputs: [slowRows(300)] })
    .then(() => order.push('long'));
  await until(
    async () => (await served.metric('headway_in_flight_requests', { model: 'ordered' })) === 1,
  );
  const short = quick(served.client, 'ordered').then(() => order.push('short'));
  await Promise.all([long, short]);
  assert.deepEqual(order, ['long', 'short']);
});
