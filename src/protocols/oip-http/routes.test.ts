import assert from 'node:assert/strict';
import test from 'node:test';
import { echoOverHttp, post } from '../../testing/echo-over-http.ts';
import { openRaw } from '../../testing/http-exchange.ts';
import { createKeyAuthorizer, hashApiKey } from '../http/authorize.ts';

test('health answers 200 or 400 without a body', async () => {
  await using up = await echoOverHttp();
  await using down = await echoOverHttp({ isLive: () => false, isReady: () => false });
  for (const path of ['/v2/health/live', '/v2/health/ready']) {
    const good = await up.call(path);
    assert.deepEqual([good.status, good.text], [200, '']);
    const bad = await down.call(path);
    assert.deepEqual([bad.status, bad.text], [400, '']);
  }
  assert.equal((await up.call('/v2/models/echo/ready')).status, 200);
  assert.equal((await up.call('/v2/models/echo/versions/1/ready')).status, 200);
  assert.equal((await up.call('/v2/models/nope/ready')).status, 400);
});

test('metadata, config and statistics answer JSON, with and without a version', async () => {
  await using served = await echoOverHttp();
  assert.deepEqual(JSON.parse((await served.call('/v2')).text), {
    name: 'headway',
    version: '0.0.0',
    extensions: ['statistics', 'model_files'],
  });
  for (const prefix of ['/v2/models/echo', '/v2/models/echo/versions/1']) {
    const metadata = await served.call(prefix);
    assert.equal(metadata.headers.get('content-type'), 'application/json');
    const spec = { name: 'x', datatype: 'FP32', shape: [-1, -1] };
    assert.deepEqual(JSON.parse(metadata.text), {
      name: 'echo',
      versions: ['1'],
      platform: 'fake',
      inputs: [spec],
      outputs: [spec],
    });
    const config = JSON.parse((await served.call(`${prefix}/config`)).text) as object;
    assert.deepEqual(config, { name: 'echo', max_batch_size: 8 });
    assert.deepEqual(JSON.parse((await served.call(`${prefix}/files`)).text), {
      name: 'echo',
      version: '1',
      files: [{ path: '1/model.onnx', size_bytes: 5, sha256: 'ab'.repeat(32) }],
    });
  }
  for (const path of [
    '/v2/models/stats',
    '/v2/models/echo/stats',
    '/v2/models/echo/versions/1/stats',
  ]) {
    const { model_stats: stats } = JSON.parse((await served.call(path)).text) as {
      model_stats: { name: string; version: string; inference_stats: Record<string, object> }[];
    };
    assert.deepEqual([stats[0]?.name, stats[0]?.version], ['echo', '1']);
    assert.deepEqual(stats[0]?.inference_stats['success'], { count: 2, ns: 1_500_000 });
  }
});

test('errors have the form and the texts of the protocol', async () => {
  await using served = await echoOverHttp();
  const unknown = await served.call('/v2/models/nope');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.text, `{"error":"Request for unknown model: 'nope' is not found"}`);
  const nothing = await served.call('/v3');
  assert.deepEqual([nothing.status, nothing.text], [404, '{"error":"Not Found"}']);
  const wrong = await served.call('/v2/models/echo/infer');
  assert.deepEqual([wrong.status, wrong.text], [405, '{"error":"Method Not Allowed"}']);
  assert.equal(wrong.headers.get('allow'), 'POST');
  for (const path of [
    '/v2/models/echo/versions/x/infer',
    '/v2/models/echo/generate',
    '/v2/models/echo/versions/1/trace/setting',
  ]) {
    assert.equal((await served.call(path, post('{}'))).status, 404);
  }
  assert.equal((await served.call('/v2/repository/index')).status, 405);
});

test('HEAD answers as GET, without the body', async () => {
  await using served = await echoOverHttp();
  const answer = await served.call('/v2', { method: 'HEAD' });
  assert.deepEqual([answer.status, answer.text], [200, '']);
  assert.equal(answer.headers.get('content-length'), '78');
});

test('the repository is listed, loaded and unloaded', async () => {
  await using served = await echoOverHttp();
  const all = await served.call('/v2/repository/index', { method: 'POST' });
  assert.deepEqual(JSON.parse(all.text), [
    { name: 'echo', version: '1', state: 'READY', reason: '' },
    { name: 'idle' },
  ]);
  const ready = await served.call('/v2/repository/index', post('{"ready":true}'));
  assert.equal((JSON.parse(ready.text) as unknown[]).length, 1);

  const config = '{"max_batch_size":4}';
  const parameters = { config, 'file:1/model.onnx': Buffer.from([0, 255]).toString('base64') };
  const load = await served.call(
    '/v2/repository/models/a%20b/load',
    post(JSON.stringify({ parameters })),
  );
  assert.deepEqual([load.status, load.text], [200, '']);
  await served.call('/v2/repository/models/c/load', { method: 'POST' });
  assert.deepEqual(
    served.fake.loads.map(({ name, overrides }) => [name, overrides?.configJson]),
    [
      ['a b', config],
      ['c', undefined],
    ],
  );
  assert.deepEqual(
    [...(served.fake.loads[0]?.overrides?.files.get('1/model.onnx') ?? [])],
    [0, 255],
  );
  const unload = post('{"parameters":{"unload_dependents":true}}');
  assert.equal((await served.call('/v2/repository/models/c/unload', unload)).status, 200);
  assert.deepEqual(served.fake.unloads, ['c']);
});

test('repository requests that cannot be right are refused', async () => {
  await using served = await echoOverHttp();
  const cases: readonly (readonly [string, string, number, RegExp])[] = [
    ['models/a/load', '{"parameters":{"file:1/m":"AA=="}}', 400, /needs the parameter 'config'/],
    ['models/a/load', '{"parameters":{"config":"{}","file:1/m":"A!"}}', 400, /is not valid base64/],
    ['models/a/load', '{"parameters":{"conf":"{}"}}', 400, /'conf' is not known/],
    ['models/a/load', '{"parameters":{"config":{}}}', 400, /must be a string/],
    ['models/a/load', '{"parameters":{"config":"{}","config":"{}"}}', 400, /a second time/],
    ['models/a/unload', '{"parameters":{"x":1}}', 400, /'x' is not known/],
    ['models/a/unload', '[]', 400, /must be an object/],
    ['index', '{"ready":1}', 400, /'ready' must be true or false/],
    ['named/index', '', 501, /named repository \('named'\) is not supported/],
    ['named/models/a/load', '', 501, /not supported/],
    ['named/models/a/unload', '', 501, /not supported/],
  ];
  for (const [path, body, status, message] of cases) {
    const answer = await served.call(`/v2/repository/${path}`, post(body));
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, message);
  }
  assert.deepEqual([served.fake.loads, served.fake.unloads], [[], []]);
});

test('keys open planes; health needs none and unknown paths tell nothing', async () => {
  const authorize = createKeyAuthorizer([
    { sha256: hashApiKey('user'), planes: ['inference', 'observability'] },
    { sha256: hashApiKey('owner'), planes: ['inference', 'observability', 'admin'] },
  ]);
  await using served = await echoOverHttp({}, { authorize });
  const status = async (path: string, method: string, key?: string): Promise<number> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await served.call(path, { method, headers })).status;
  };
  assert.equal(await status('/v2/health/live', 'GET'), 200);
  assert.equal(await status('/v2/health/ready', 'GET'), 200);
  for (const path of [
    '/v2',
    '/v2/models/echo',
    '/v2/models/stats',
    '/nothing',
    '/v2/models/echo/infer',
  ]) {
    assert.equal(await status(path, 'GET'), 401, path);
  }
  assert.equal(await status('/v2', 'GET', 'user'), 200);
  assert.equal(await status('/v2', 'GET', 'guess'), 401);
  assert.equal(await status('/nothing', 'GET', 'user'), 404);
  assert.equal(await status('/v2/repository/models/a/load', 'POST', 'user'), 403);
  assert.equal(await status('/v2/repository/models/a/load', 'POST', 'owner'), 200);
  assert.equal(await status('/v2/repository/x/models/a/load', 'POST'), 401);
});

test('pages of other sites may not load models', async () => {
  await using served = await echoOverHttp();
  const path = '/v2/repository/models/a/load';
  const from = async (origin: string): Promise<number> => {
    using raw = await openRaw(served.port);
    raw.write(
      `POST ${path} HTTP/1.1\r\nHost: here:1\r\nOrigin: ${origin}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    return Number((await raw.closed()).split(' ')[1]);
  };
  assert.equal(await from('http://evil.example'), 403);
  assert.equal(await from('null'), 403);
  assert.equal(await from('http://here:1'), 200);
  assert.equal(served.fake.loads.length, 1);
});
