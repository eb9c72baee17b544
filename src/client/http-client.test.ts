import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { startOipServer } from '../testing/http-exchange.ts';
import { testOipClient } from './contract.ts';
import { createOipHttpClient } from './index.ts';

testOipClient('HTTP', {
  encodings: ['binary', 'json'],
  start: (server, authorize) =>
    startOipServer(server, authorize === undefined ? {} : { authorize }),
  connect: createOipHttpClient,
  deadUrl: 'http://127.0.0.1:1',
});

test('the client sends again when a kept connection turns out to be closed', async () => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (requests === 2) request.socket.destroy();
    else response.end('{"name":"s"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  using client = createOipHttpClient({ url: `http://127.0.0.1:${port}/prefix/` });
  await client.serverMetadata();
  assert.equal((await client.serverMetadata()).name, 's');
  assert.equal(requests, 3);
  server.close();
});

test('createOipHttpClient() refuses an url that is none of HTTP', () => {
  assert.throws(() => createOipHttpClient({ url: 'ftp://x' }), TypeError);
  assert.throws(() => createOipHttpClient({ url: 'nothing' }), TypeError);
});
