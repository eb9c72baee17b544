import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityModel } from '../../src/testing/models/small-models.ts';
import { writeModel } from '../../src/testing/models/write-model.ts';
import { createSharedObject } from '../../src/testing/shared-object.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { startProcess } from '../lib/processes.ts';
import { median } from '../lib/quantile.ts';
import { type BenchRow, atMost, progress } from '../lib/report.ts';
import { binaryInferRequest, httpPost } from '../server/requests.ts';

const rounds = 7;
const elementCount = 2_500_000;
const tensorBytes = elementCount * 4;
const region = 'bench';

/**
 * A tensor of 10 MB through a model that gives it back: in shared memory both ways against HTTP
 * binary, one client. Neither client looks at the tensors.
 */
export async function benchSharedMemory(): Promise<BenchRow> {
  progress('10 MB tensor: shared memory and HTTP binary, interleaved');
  await using repository = await createIdentityRepository();
  await using server = await startProcess(['bench/protocols/server-process.ts', repository.root]);
  const port = (await server.ask('http port')) as number;
  using object = createSharedObject(2 * tensorBytes);
  await register(port, object.key);
  const requests = {
    shared: sharedRequest(),
    binary: binaryInferRequest('identity', [{ name: 'input', shape: [1, elementCount] }]),
  };
  const measured: { readonly sharedMs: number; readonly binaryMs: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    measured.push({
      sharedMs: await latencyMs(port, requests.shared),
      binaryMs: await latencyMs(port, requests.binary),
    });
  }
  const sharedMs = median(measured.map((round) => round.sharedMs));
  const binaryMs = median(measured.map((round) => round.binaryMs));
  return atMost('shmToHttpRatio', median(measured.map((it) => it.sharedMs / it.binaryMs)), {
    bar: 0.5,
    detail: `p50 ${sharedMs.toFixed(2)} ms against ${binaryMs.toFixed(2)} ms`,
  });
}

async function latencyMs(port: number, request: Uint8Array): Promise<number> {
  const options = { port, request, concurrency: 1, durationMs: 1000, warmupMs: 200 };
  return median((await runClosedLoop(options)).latenciesMs);
}

async function createIdentityRepository(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  await mkdir(join(root, 'identity', '1'), { recursive: true });
  const model = identityModel('FP32', [-1, elementCount]);
  await writeModel(join(root, 'identity', '1', 'model.onnx'), model);
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

async function register(port: number, key: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/v2/systemsharedmemory/region/${region}/register`;
  const body = JSON.stringify({ key, byte_size: 2 * tensorBytes });
  const answer = await fetch(url, { method: 'POST', body });
  if (!answer.ok) throw new Error(await answer.text());
}

/** The input in the first half of the region, the output in the second. */
function sharedRequest(): Uint8Array {
  const place = (offset: number): object => ({
    shared_memory_region: region,
    shared_memory_byte_size: tensorBytes,
    shared_memory_offset: offset,
  });
  const body = JSON.stringify({
    inputs: [{ name: 'input', datatype: 'FP32', shape: [1, elementCount], parameters: place(0) }],
    outputs: [{ name: 'output', parameters: place(tensorBytes) }],
  });
  return httpPost('/v2/models/identity/infer', Buffer.from(body));
}
