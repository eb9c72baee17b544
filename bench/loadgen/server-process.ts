import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import { type ServerHttp2Stream, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { createPreciseClock } from '../../src/loadgen/engine/precise-clock.ts';
import { frameMessage } from '../../src/protocols/oip-grpc/codec/frames.ts';

// A server of known truth: `fixed MS`, `stall REQUEST MS`, `http` or `grpc`. Sends { port }.

const [kind = '', ...args] = process.argv.slice(2);

const answers: Readonly<Record<string, (...args: readonly number[]) => RequestListener>> = {
  http: () => (_request, response) => response.end(),
  /** Answers each request a fixed time after it came. */
  fixed(serviceMs = 0) {
    const clock = createPreciseClock();
    return (_request, response) => void clock.schedule(serviceMs, () => response.end());
  },
  /** Stands still once, when the request with this number comes. */
  stall(requestNumber = 0, stallMs = 0) {
    const never = new Int32Array(new SharedArrayBuffer(4));
    let requestCount = 0;
    return (_request, response) => {
      if (requestCount === requestNumber) Atomics.wait(never, 0, 0, stallMs);
      requestCount += 1;
      response.end();
    };
  },
};

function answerCall(stream: ServerHttp2Stream): void {
  stream.on('error', () => {});
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat(frameMessage([Buffer.from('answer')], { isCompressed: false })));
}

const answer = answers[kind]?.(...args.map(Number));
const server =
  answer === undefined ? createHttp2Server().on('stream', answerCall) : createServer(answer);
server.listen(0, '127.0.0.1', 4096);
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });
