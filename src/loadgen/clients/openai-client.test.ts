import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { createSystemClock } from '../../core/clock.ts';
import { type LoopbackServer, startLoopbackServer } from '../../testing/loopback-server.ts';
import { type ManualClock, createManualClock } from '../../testing/manual-clock.ts';
import { type OpenAiApi, prepareOpenAiRequest } from '../inputs/openai-requests.ts';
import type { LoadClient, RequestDetail, RequestProgress } from '../load-client.ts';
import type { Outcome } from '../samples.ts';
import { createOpenAiLoadClient } from './openai-client.ts';

/** What a client told of one request. */
interface Told {
  readonly calls: readonly string[];
  readonly chunks: readonly number[];
  readonly outcome: Outcome;
  readonly detail: RequestDetail;
}

function send(client: LoadClient, inputIndex = 0, onCall: (call: string) => void = () => {}) {
  return new Promise<Told>((resolve) => {
    const calls: string[] = [];
    const chunks: number[] = [];
    const tell = (call: string): void => {
      calls.push(call);
      onCall(call);
    };
    const progress: RequestProgress = {
      sent: () => tell('sent'),
      firstByte: () => tell('firstByte'),
      chunk(tokenCount) {
        chunks.push(tokenCount);
        tell('chunk');
      },
      end(outcome, detail = {}) {
        tell('end');
        resolve({ calls, chunks, outcome, detail });
      },
    };
    client.send(inputIndex, progress);
  });
}

const chatRequest = prepareOpenAiRequest(
  { text: 'Hello' },
  { api: 'chat', model: 'm', isStreamed: true },
);

interface ClientOptions {
  readonly api?: OpenAiApi;
  readonly isStreamed?: boolean;
  readonly clock?: ManualClock;
  readonly apiKey?: string;
}

function openClient(origin: string, options: ClientOptions = {}): LoadClient {
  const { api = 'chat', isStreamed = true, clock = createSystemClock(), apiKey } = options;
  const request = prepareOpenAiRequest({ text: 'Hello' }, { api, model: 'm', isStreamed });
  return createOpenAiLoadClient({
    url: origin,
    requests: [request],
    clock,
    timeoutMs: 30_000,
    apiKey,
  });
}

async function askOnce(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: ClientOptions = {},
): Promise<Told> {
  await using server = await startLoopbackServer(answer);
  await using client = openClient(server.origin, options);
  return await send(client);
}

function event(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

function delta(content: string, more: object = {}): string {
  return event({ choices: [{ index: 0, delta: { content }, finish_reason: null }], ...more });
}

const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const usage = event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5 } });
const done = event('[DONE]');

function stream(response: ServerResponse, ...pieces: readonly (string | Uint8Array)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const piece of pieces) response.write(piece);
  response.end();
}

test('a stream is told chunk by chunk, the one that opens it apart, with the tokens it counts', async () => {
  const opening = event({ choices: [{ delta: { role: 'assistant', content: '' } }] });
  const { calls, chunks, outcome, detail } = await askOnce((_, response) => {
    stream(response, ': hello\n\n', opening, delta('a'), delta('b'), finish, usage, done);
  });
  assert.deepEqual(calls, ['sent', 'firstByte', 'chunk', 'chunk', 'end']);
  assert.deepEqual(chunks, [1, 1]);
  assert.equal(outcome, 'ok');
  assert.deepEqual(detail, { promptTokens: 7, outputTokens: 5 });
});

test('a stream that counts tokens in every chunk gives each chunk its own', async () => {
  const counted = (content: string, tokens: number): string =>
    delta(content, { usage: { prompt_tokens: 3, completion_tokens: tokens } });
  const { chunks, detail } = await askOnce((_, response) => {
    stream(response, counted('a', 1), counted('bcd', 4), counted('e', 5), finish, done);
  });
  assert.deepEqual(chunks, [1, 3, 1]);
  assert.deepEqual(detail, { promptTokens: 3, outputTokens: 5 });
});

test('text completions, reasoning and calls of tools are tokens too', async () => {
  const texts = event({ choices: [{ index: 0, text: 'a', finish_reason: null }] });
  const reasoning = event({ choices: [{ delta: { reasoning_content: 'hm' } }] });
  const call = event({
    choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '{' } }] } }],
  });
  const { chunks, outcome } = await askOnce((_, response) => {
    stream(response, texts, reasoning, call, finish, done);
  });
  assert.equal(outcome, 'ok');
  assert.equal(chunks.length, 3);
});

test('chunks are told as they come, not when the answer is whole', async () => {
  const { promise: gotChunk, resolve } = Promise.withResolvers<void>();
  await using server = await startLoopbackServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(delta('a'));
    void gotChunk.then(() => response.end(finish + done));
  });
  await using client = openClient(`${server.origin}/v1/`);
  const told = await send(client, 0, (call) => call === 'chunk' && resolve());
  assert.equal(told.outcome, 'ok');
  assert.equal(server.requests[0]?.path, '/v1/chat/completions');
});

test('a stream that goes wrong ends with what went wrong', async () => {
  const cases: readonly (readonly [readonly (string | Uint8Array)[], Outcome, RegExp])[] = [
    [[delta('a'), finish], 'failed', /ended without \[DONE\]/],
    [[delta('a')], 'disconnected', /before the answer did/],
    [[delta('a'), 'data: {"choi'], 'disconnected', /in the middle of an event/],
    [[delta('a'), 'data: {"choices"\n\n', done], 'failed', /no JSON object/],
    [[event('7'), done], 'failed', /no JSON object/],
    [[delta('a'), Uint8Array.of(0x64, 0x3a, 0xff, 0x0a)], 'failed', /not UTF-8/],
    [
      [delta('a'), event({ error: { message: 'out of memory', code: 500 } }), done],
      'failed',
      /out of memory/,
    ],
    [[event({ object: 'error', message: 'too long' })], 'failed', /too long/],
    [['event: error\n', event('it broke')], 'failed', /it broke/],
    [[`data: ${'x'.repeat(5_000_000)}`], 'failed', /more than \d+ bytes/],
    [[], 'disconnected', /before the answer did/],
  ];
  for (const [pieces, outcome, reason] of cases) {
    const told = await askOnce((_, response) => stream(response, ...pieces));
    assert.equal(told.outcome, outcome, String(reason));
    assert.match(told.detail.reason ?? '', reason);
  }
});

test('what comes after [DONE] changes nothing, and the connection is used again', async () => {
  await using server = await startLoopbackServer((_, response) => {
    stream(response, delta('a'), done, 'data: {"broken\n\n', Uint8Array.of(0xff));
  });
  await using client = openClient(server.origin);
  assert.equal((await send(client)).outcome, 'ok');
  assert.equal((await send(client, 5)).outcome, 'ok');
});

test('a connection that breaks in mid-stream is a disconnection', async () => {
  const told = await askOnce((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(delta('a'), () => response.destroy());
  });
  assert.deepEqual(told.calls, ['sent', 'firstByte', 'chunk', 'end']);
  assert.equal(told.outcome, 'disconnected');
  assert.match(told.detail.reason ?? '', /connection broke/);
});

test('a server that is not there, or hangs up, is a disconnection', async () => {
  const gone: LoopbackServer = await startLoopbackServer(() => {});
  await gone[Symbol.asyncDispose]();
  await using client = openClient(gone.origin);
  const told = await send(client);
  assert.equal(told.outcome, 'disconnected');
  assert.match(told.detail.reason ?? '', /refused/);
  const hungUp = await askOnce((request) => request.socket.destroy());
  assert.equal(hungUp.outcome, 'disconnected');
});

test('a refusal is told by its status and the words of the server', async () => {
  const cases = [
    [429, '{"error":{"message":"slow down"}}', 'rejected', 'HTTP status 429: slow down'],
    [503, 'no JSON', 'rejected', 'HTTP status 503'],
    [504, '{"error":"late"}', 'timeout', 'HTTP status 504: late'],
    [400, '{"object":"error","message":"too long"}', 'failed', 'HTTP status 400: too long'],
    [302, '', 'failed', 'HTTP status 302'],
  ] as const;
  for (const [status, body, outcome, reason] of cases) {
    const told = await askOnce((_, response) => response.writeHead(status).end(body));
    assert.deepEqual([told.outcome, told.detail.reason], [outcome, reason]);
  }
  const long = await askOnce((_, response) => response.writeHead(500).end('x'.repeat(100_000)));
  assert.equal(long.detail.reason, 'HTTP status 500');
});

test('an answer that is no stream where one was asked for has failed', async () => {
  const told = await askOnce((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[{}]}');
  });
  assert.equal(told.outcome, 'failed');
  assert.match(told.detail.reason ?? '', /application\/json, not an event stream/);
});

test('a whole completion is counted by its usage, and must have a choice', async () => {
  const answer = (body: string) =>
    askOnce((_, response) => response.end(body), { isStreamed: false, api: 'completions' });
  const good = await answer(
    '{"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":9}}',
  );
  assert.deepEqual(good.calls, ['sent', 'firstByte', 'end']);
  assert.deepEqual([good.outcome, good.detail], ['ok', { promptTokens: 2, outputTokens: 9 }]);
  assert.equal((await answer('{"choices":[]}')).outcome, 'wrong');
  assert.equal((await answer('<html>')).outcome, 'failed');
  assert.match((await answer('{"error":"odd"}')).detail.reason ?? '', /odd/);
});

test('embeddings must be as many as the texts, each of numbers', async () => {
  const answer = (data: unknown) =>
    askOnce((_, response) => response.end(JSON.stringify({ data, usage: { prompt_tokens: 4 } })), {
      api: 'embeddings',
    });
  const good = await answer([{ embedding: [0.5, 1] }]);
  assert.deepEqual([good.outcome, good.detail], ['ok', { promptTokens: 4 }]);
  assert.equal((await answer([{ embedding: 'AAAAAA==' }])).outcome, 'ok');
  for (const [data, reason] of [
    [[], /expected 1 embeddings, got 0/],
    [undefined, /got 0/],
    [[{ embedding: [] }], /embedding 0 is no list of numbers/],
    [[{ embedding: ['x'] }], /embedding 0/],
  ] as const) {
    const told = await answer(data);
    assert.equal(told.outcome, 'wrong');
    assert.match(told.detail.reason ?? '', reason);
  }
});

test('an answer that does not come in time ends as timeout, and cutting off ends the rest', async () => {
  const clock = createManualClock();
  await using server = await startLoopbackServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(delta('a'));
  });
  await using client = openClient(server.origin, { clock });
  const late = await send(client, 0, (call) => call === 'chunk' && clock.advance(30_000));
  assert.equal(late.outcome, 'timeout');
  assert.match(late.detail.reason ?? '', /30000 ms/);
  const cut = await send(client, 0, (call) => call === 'chunk' && client.cutOff());
  assert.equal(cut.outcome, 'unfinished');
  assert.deepEqual(cut.calls, ['sent', 'firstByte', 'chunk', 'end']);
});

test('a kept connection that the server had closed is replaced without a word', async () => {
  let count = 0;
  await using server = await startLoopbackServer((request, response) => {
    count += 1;
    if (count === 2) request.socket.resetAndDestroy();
    else stream(response, delta('a'), finish, done);
  });
  await using client = openClient(server.origin);
  assert.equal((await send(client)).outcome, 'ok');
  const again = await send(client);
  assert.equal(again.outcome, 'ok');
  assert.deepEqual(again.calls, ['sent', 'firstByte', 'chunk', 'end']);
  assert.equal(server.requests.length, 3);
});

test('a request that needs more connections than may be open is dropped', async () => {
  await using server = await startLoopbackServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(delta('a'));
  });
  const options = { url: server.origin, requests: [chatRequest], maxConnections: 1 };
  await using client = createOpenAiLoadClient(options);
  const first = send(client);
  const second = await send(client);
  assert.deepEqual([second.calls, second.outcome], [['sent', 'end'], 'dropped']);
  client.cutOff();
  assert.equal((await first).outcome, 'unfinished');
});

test('the request holds what was asked, and the key', async () => {
  let body = '';
  await using server = await startLoopbackServer((request, response) => {
    request.on('data', (piece) => (body += String(piece)));
    void once(request, 'end').then(() => stream(response, delta('a'), done));
  });
  await using client = openClient(server.origin, { apiKey: 'secret' });
  await send(client);
  assert.equal(server.requests[0]?.headers.authorization, 'Bearer secret');
  assert.deepEqual(JSON.parse(body), {
    model: 'm',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test('createOpenAiLoadClient() refuses what is no address, and nothing to send', () => {
  assert.throws(() => openClient('grpc://localhost'), { message: /must begin with http/ });
  const options = { url: 'http://a', requests: [] };
  assert.throws(() => createOpenAiLoadClient(options), { message: /no requests/ });
});
