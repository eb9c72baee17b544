import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerFile, startLoopbackServer } from '../../../testing/loopback-server.ts';
import { type FetchContext, defaultSourceLimits } from '../fetch-context.ts';
import { download } from './download.ts';
import { createHttpClient } from './http-client.ts';

const data = randomBytes(300_000);
const file = { data, etag: '"v1"' };

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server, a folder to download into, and a function that does. */
async function setUp(answer: Answer, limits: Partial<FetchContext['limits']> = {}) {
  const resources = new AsyncDisposableStack();
  let count = 0;
  const server = resources.use(
    await startLoopbackServer((request, response) => answer(request, response, (count += 1))),
  );
  const directory = await mkdtemp(join(tmpdir(), 'headway-'));
  resources.defer(() => rm(directory, { recursive: true }));
  const abort = new AbortController();
  const reported: number[] = [];
  const context: FetchContext = {
    env: {},
    homeDirectory: directory,
    workingDirectory: directory,
    trustedOrigins: [server.origin],
    directory,
    lockedVersion: undefined,
    limits: { ...defaultSourceLimits, retryDelayMs: 0, ...limits },
    signal: abort.signal,
    onProgress: ({ doneBytes }) => reported.push(doneBytes),
  };
  const get = () =>
    download(
      {
        client: createHttpClient(context),
        url: new URL(`${server.origin}/file`),
        headers: {},
        fileName: 'file',
      },
      context,
    );
  return {
    server,
    directory,
    abort,
    reported,
    get,
    ranges: () => server.requests.map(({ headers }) => headers.range),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => void setImmediate(resolve));
}

interface Break {
  readonly bytes: number;
  readonly etag?: string;
  /** Bytes the other side has noted before the connection drops. */
  readonly reported: readonly number[];
}

/** Sends the head of the file and drops the connection once some of it has arrived. */
function breakOff(response: ServerResponse, { bytes, etag = file.etag, reported }: Break): void {
  const before = reported.length;
  response.writeHead(200, { etag, 'content-length': data.length });
  response.write(data.subarray(0, bytes));
  void until(() => reported.length > before).then(() => response.destroy());
}

test('download() saves a file and reports how far it is', async () => {
  await using at = await setUp((request, response) => answerFile(request, response, file));
  assert.deepEqual(await readFile(await at.get()), data);
  assert.equal(at.reported.at(-1), data.length);
});

test('download() goes on where a connection broke off', async () => {
  await using at = await setUp((request, response, count) => {
    if (count === 1) breakOff(response, { bytes: 100_000, reported: at.reported });
    else answerFile(request, response, file);
  });
  assert.deepEqual(await readFile(await at.get()), data);
  assert.equal(at.server.requests.length, 2);
  const [, range] = at.ranges();
  assert.match(range ?? '', /^bytes=[1-9]\d*-$/);
  assert.equal(at.server.requests[1]?.headers['if-range'], '"v1"');
});

test('download() goes on where an earlier call was stopped', async () => {
  await using at = await setUp((request, response, count) => {
    if (count > 1) return answerFile(request, response, file);
    response.writeHead(200, { etag: file.etag, 'content-length': data.length });
    response.write(data.subarray(0, 100_000));
    return undefined;
  });
  const stopped = at.get();
  await until(() => at.reported.length > 0);
  at.abort.abort(new Error('enough'));
  await assert.rejects(stopped, { message: 'enough' });
  await using next = await setUp((request, response) => answerFile(request, response, file));
  for (const name of ['file', 'file.partial.json']) {
    await writeFile(join(next.directory, name), await readFile(join(at.directory, name)));
  }
  assert.deepEqual(await readFile(await next.get()), data);
  assert.match(next.ranges()[0] ?? '', /^bytes=[1-9]\d*-$/);
});

test('download() starts anew when the file has changed meanwhile', async () => {
  const changed = { data: randomBytes(200_000), etag: '"v2"' };
  await using at = await setUp((request, response, count) => {
    if (count === 1) breakOff(response, { bytes: 100_000, reported: at.reported });
    else answerFile(request, response, changed);
  });
  assert.deepEqual(await readFile(await at.get()), changed.data);
});

test('download() starts anew when the server sends another part of the file', async () => {
  await using at = await setUp((request, response, count) => {
    if (count === 1) breakOff(response, { bytes: 100_000, reported: at.reported });
    else if (count === 2) {
      response
        .writeHead(206, { etag: file.etag, 'content-range': `bytes 0-9/${data.length}` })
        .end(data.subarray(0, 10));
    } else answerFile(request, response, file);
  });
  assert.deepEqual(await readFile(await at.get()), data);
  assert.equal(at.ranges()[2], undefined);
});

test('download() does not go on without a tag that promises equal bytes', async () => {
  await using at = await setUp((request, response, count) => {
    if (count === 1)
      breakOff(response, { bytes: 100_000, etag: 'W/"weak"', reported: at.reported });
    else answerFile(request, response, file);
  });
  assert.deepEqual(await readFile(await at.get()), data);
  assert.deepEqual(at.ranges(), [undefined, undefined]);
});

test('download() tries again when the server is busy, and gives up in the end', async () => {
  await using busy = await setUp((request, response, count) => {
    if (count < 3) response.writeHead(503).end();
    else answerFile(request, response, file);
  });
  assert.deepEqual(await readFile(await busy.get()), data);
  await using down = await setUp((_, response) => response.writeHead(503).end(), {
    maxAttempts: 3,
  });
  await assert.rejects(down.get(), { code: 'unavailable', message: /HTTP status 503/ });
  assert.equal(down.server.requests.length, 3);
});

test('download() gives up on a server that never gets further', async () => {
  await using at = await setUp(
    (_, response) => breakOff(response, { bytes: 1000, etag: 'W/"weak"', reported: at.reported }),
    {
      maxAttempts: 3,
    },
  );
  await assert.rejects(at.get(), { code: 'unavailable', message: /broke off/ });
  assert.ok(at.server.requests.length <= 4);
});

test('download() does not try again what will not change', async () => {
  for (const [status, code] of [
    [401, 'unauthenticated'],
    [403, 'permission_denied'],
    [404, 'not_found'],
    [418, 'failed_precondition'],
  ] as const) {
    await using at = await setUp((_, response) => response.writeHead(status).end());
    await assert.rejects(at.get(), { code });
    assert.equal(at.server.requests.length, 1);
  }
});

test('download() refuses a file whose stated size passes the limit', async () => {
  await using at = await setUp((request, response) => answerFile(request, response, file), {
    maxBytes: data.length - 1,
  });
  await assert.rejects(at.get(), { code: 'resource_exhausted', message: /299999 bytes/ });
  assert.deepEqual(at.reported, []);
});

test('download() stops a file of no stated size at the limit', async () => {
  await using at = await setUp(
    (_, response) => {
      response.writeHead(200);
      const send = (): void => void response.write(data, (error) => error || send());
      send();
    },
    { maxBytes: 1_000_000 },
  );
  await assert.rejects(at.get(), { code: 'resource_exhausted' });
  assert.ok((at.reported.at(-1) ?? 0) <= 1_000_000);
});

test('download() refuses an answer that is encoded', async () => {
  await using at = await setUp((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  );
  await assert.rejects(at.get(), { code: 'failed_precondition', message: /'gzip'/ });
});
