import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoopbackServer } from '../../testing/loopback-server.ts';
import { type SendOutcome, createSpanSender } from './send-spans.ts';

const signal = new AbortController().signal;

for (const [status, headers, body, outcome] of [
  [200, {}, '{}', { kind: 'taken', rejectedCount: 0, reason: '' }],
  [200, {}, '', { kind: 'taken', rejectedCount: 0, reason: '' }],
  [
    200,
    {},
    '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"odd"}}',
    { kind: 'taken', rejectedCount: 2, reason: 'odd' },
  ],
  [503, { 'retry-after': '7' }, '', { kind: 'retry', reason: 'HTTP status 503', afterMs: 7000 }],
  [429, {}, '', { kind: 'retry', reason: 'HTTP status 429', afterMs: 0 }],
  [400, {}, '{"code":3}', { kind: 'refused', reason: 'HTTP status 400' }],
] as const satisfies readonly (readonly [number, object, string, SendOutcome])[]) {
  test(`a collector that answers ${status} ${body} makes it ${outcome.kind}`, async () => {
    await using collector = await startLoopbackServer((request, response) => {
      request.resume();
      response.writeHead(status, headers).end(body);
    });
    using sender = createSpanSender(collector.origin);
    assert.deepEqual(await sender.send('{}', signal), outcome);
    const [request] = collector.requests;
    assert.equal(request!.path, '/v1/traces');
    assert.equal(request!.headers['content-type'], 'application/json');
  });
}

test('a collector that is not there, or does not answer, may be asked again', async () => {
  using absent = createSpanSender('http://127.0.0.1:1');
  assert.equal((await absent.send('{}', signal)).kind, 'retry');
  await using silent = await startLoopbackServer((request) => request.resume());
  using sender = createSpanSender(silent.origin);
  const abort = new AbortController();
  const sent = sender.send('{}', abort.signal);
  abort.abort();
  assert.equal((await sent).kind, 'retry');
});

test('createSpanSender() completes a url and keeps its credentials from the log', () => {
  const target = (url: string): string => createSpanSender(url).target;
  assert.equal(target('collector:4318'), 'http://collector:4318/v1/traces');
  assert.equal(target('https://u:p@collector/x'), 'https://collector/x');
  assert.throws(() => createSpanSender('http://'), { code: 'invalid_argument' });
});
