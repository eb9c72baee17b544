import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { createPreciseClock } from '../../src/loadgen/engine/precise-clock.ts';
import { type ServedStream, firstTokenMs, gapsMs } from './stream-script.ts';

// Answers every request with the chunks of the script, each due at a time counted from the request,
// so that one late chunk does not make the next ones late; asked by its parent, it tells when each
// was really written.
const clock = createPreciseClock();
const dueMs = gapsMs.reduce<number[]>(
  (times, gapMs) => [...times, (times.at(-1) ?? 0) + gapMs],
  [firstTokenMs],
);
const chunk = `data: ${JSON.stringify({ choices: [{ delta: { content: 'word ' } }] })}\n\n`;
const ending = `data: ${JSON.stringify({
  choices: [{ delta: {}, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: dueMs.length },
})}\n\ndata: [DONE]\n\n`;
const served: ServedStream[] = [];

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startMs = clock.nowMs();
  const writtenMs: number[] = [];
  for (const [index, due] of dueMs.entries()) {
    clock.schedule(startMs + due - clock.nowMs(), () => {
      writtenMs.push(clock.nowMs() - startMs);
      if (index < dueMs.length - 1) response.write(chunk);
      else response.end(chunk + ending);
    });
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  await once(request, 'end');
  const { user } = JSON.parse(Buffer.concat(pieces).toString()) as { readonly user: string };
  served.push({ index: Number(user), writtenMs });
}

const server = createServer((request, response) => void answer(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => process.send?.(served));
process.on('disconnect', () => process.exit());
