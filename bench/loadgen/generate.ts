import path from 'node:path';
import { makeSchedule } from '../../src/loadgen/arrivals/make-schedule.ts';
import type { PreparedRequest } from '../../src/loadgen/inputs/prepared-request.ts';
import { type Generators, startGenerators } from '../../src/loadgen/process/start-generators.ts';
import { frameMessage } from '../../src/protocols/oip-grpc/codec/frames.ts';

const main = path.join(import.meta.dirname, '../../src/loadgen/process/main.ts');

const requests: Readonly<Record<'http' | 'grpc', PreparedRequest>> = {
  http: { method: 'GET', path: '/', headers: {}, body: new Uint8Array() },
  grpc: {
    method: 'POST',
    path: '/inference.GRPCInferenceService/ModelInfer',
    headers: {},
    body: Buffer.concat(frameMessage([Buffer.alloc(640)], { isCompressed: false })),
  },
};

/** Sends for two seconds what does not count, so that the code of a server is compiled. */
export async function warmUp(port: number): Promise<void> {
  await using generator = await generateFor('http', port);
  const times = { seed: 0, warmupMs: 0, durationMs: 2000 };
  await generator.runOpenLoop(makeSchedule({ kind: 'constant', rate: 1000 }, times));
}

/** One generator process for a server on this port. */
export function generateFor(protocol: 'http' | 'grpc', port: number): Promise<Generators> {
  const address = `127.0.0.1:${port}`;
  return startGenerators({
    mainPath: main,
    count: 1,
    client: {
      protocol,
      options: {
        url: protocol === 'http' ? `http://${address}` : address,
        requests: [requests[protocol]],
      },
    },
  });
}
