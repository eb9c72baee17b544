import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenAiRequestOptions } from './openai-requests.ts';
import { readJsonLines } from './read-json-lines.ts';

const chat: OpenAiRequestOptions = { api: 'chat', model: 'm', isStreamed: true };

function read(lines: readonly string[], options: OpenAiRequestOptions = chat) {
  return readJsonLines({ name: 'p.jsonl', bytes: Buffer.from(lines.join('\n')) }, options).map(
    ({ path, headers, body }) => ({
      path,
      accept: headers['accept'],
      body: JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>,
    }),
  );
}

test('readJsonLines() takes texts, prompts, messages and lines of a batch file', () => {
  const messages = [{ role: 'system', content: 'Be brief.' }];
  const requests = read([
    '"Hello"',
    '',
    '{"prompt": "Hi", "max_tokens": 5}',
    JSON.stringify({ messages, temperature: 0 }),
    '{"custom_id": "1", "method": "POST", "url": "/v1/completions", "body": {"prompt": "x", "stream": false}}',
    '{"url": "/v1/embeddings", "body": {"input": ["a", "b"], "model": "other"}}',
  ]);
  const user = (content: string) => [{ role: 'user', content }];
  assert.deepEqual(
    requests.map(({ body }) => body['messages']),
    [user('Hello'), user('Hi'), messages, undefined, undefined],
  );
  assert.equal(requests[1]?.body['max_tokens'], 5);
  assert.equal(requests[2]?.body['temperature'], 0);
  assert.ok(requests.slice(0, 3).every(({ body }) => body['stream'] === true));
  assert.deepEqual(
    requests.map(({ accept }) => accept),
    [
      ...Array.from({ length: 3 }, () => 'text/event-stream'),
      'application/json',
      'application/json',
    ],
  );
  assert.deepEqual([requests[3]?.path, requests[4]?.path], ['/v1/completions', '/v1/embeddings']);
  assert.deepEqual(requests[4]?.body, { model: 'other', input: ['a', 'b'] });
});

test('readJsonLines() gives text completions and embeddings their own form', () => {
  const [completion] = read(['"a"'], { ...chat, api: 'completions', isStreamed: false });
  assert.deepEqual(completion?.body, { model: 'm', prompt: 'a' });
  const [embedding] = read(['{"input": "a"}'], { ...chat, api: 'embeddings' });
  assert.deepEqual(embedding?.body, { model: 'm', input: 'a' });
});

test('readJsonLines() names the line that is no request', () => {
  for (const [lines, message] of [
    [['"a"', '{"prompt'], /'p\.jsonl', line 2, is no JSON/],
    [['[1]'], /line 1, holds no request/],
    [['{"prompt": 7}'], /line 1, holds no request/],
    [['{"url": "/v1/images", "body": {}}'], /'\/v1\/images', which is no endpoint/],
    [['', ' '], /holds no requests/],
  ] as const) {
    assert.throws(() => read(lines), { code: 'invalid_argument', message });
  }
});
