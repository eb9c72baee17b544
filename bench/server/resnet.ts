import type { ClosedLoopResult } from '../lib/closed-loop.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { type BenchProcess, cpuSeconds, residentBytes, startProcess } from '../lib/processes.ts';
import { median, quantile } from '../lib/quantile.ts';
import { type BenchRow, atMost, progress } from '../lib/report.ts';
import { type BenchRepositories, modelFile, resnetMaxBatchSize } from './repository.ts';
import { httpGet, resnetRequest } from './requests.ts';

const saturation = { request: resnetRequest, concurrency: 2 * resnetMaxBatchSize };

/** CPU of the saturated server against the runtime alone, and health while it is saturated. */
export async function benchSaturated(repositories: BenchRepositories): Promise<BenchRow[]> {
  await using server = await startProcess(['bench/server/server-process.ts', repositories.int8]);
  await using bare = await startProcess([
    'bench/server/bare-process.ts',
    modelFile(repositories.int8),
  ]);
  await using load = await startProcess(['bench/server/load-process.ts']);
  const best = await bestBatchSize(bare);
  const bareCpu: number[] = [];
  const serverCpu: number[] = [];
  const healthMs: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    progress(`ResNet-50 INT8 saturated, round ${round + 1} of 5`);
    bareCpu.push(await askCpu(bare, best));
    const saturated = await saturate(server, load);
    serverCpu.push(saturated.cpuPerThousand);
    healthMs.push(...saturated.healthMs);
    bareCpu.push(await askCpu(bare, best));
  }
  return [
    atMost('cpuRatio', median(serverCpu) / median(bareCpu), {
      bar: 1.08,
      detail: `${median(serverCpu).toFixed(2)} against ${median(bareCpu).toFixed(2)} CPU s per 1,000 (batch ${best})`,
    }),
    atMost('healthP99Ms', quantile(healthMs, 0.99), {
      bar: 10,
      detail: `p50 ${quantile(healthMs, 0.5).toFixed(2)} ms, max ${quantile(healthMs, 1).toFixed(1)} ms of ${healthMs.length}`,
    }),
  ];
}

function askCpu(bare: BenchProcess, batchSize: number): Promise<number> {
  return bare.ask({ kind: 'cpu', batchSize, durationMs: 4000 }) as Promise<number>;
}

async function bestBatchSize(bare: BenchProcess): Promise<number> {
  let best = { batchSize: 1, cpu: Infinity };
  for (const batchSize of [1, 2, 4, 8]) {
    const cpu = await askCpu(bare, batchSize);
    progress(`bare runtime, batch ${batchSize}: ${cpu.toFixed(2)} CPU s per 1,000 inferences`);
    if (cpu < best.cpu) best = { batchSize, cpu };
  }
  return best.batchSize;
}

interface Saturated {
  readonly cpuPerThousand: number;
  readonly healthMs: readonly number[];
}

/** Loads the server in full: CPU is counted first, then health is asked, which costs CPU itself. */
async function saturate(server: BenchProcess, load: BenchProcess): Promise<Saturated> {
  const loaded = await Promise.all([
    load.ask({ ...saturation, port: server.port, durationMs: 7000, warmupMs: 1000 }),
    countCpu(server, { startAfterMs: 2000, durationMs: 5000 }),
  ]);
  const [{ requestsPerSecond }, cpuPerSecond] = loaded as [ClosedLoopResult, number];
  const probed = await Promise.all([
    load.ask({ ...saturation, port: server.port, durationMs: 6000, warmupMs: 0 }),
    probeHealth(server, { startAfterMs: 1000, durationMs: 4000 }),
  ]);
  return { cpuPerThousand: (cpuPerSecond / requestsPerSecond) * 1000, healthMs: probed[1] };
}

interface Span {
  readonly startAfterMs: number;
  readonly durationMs: number;
}

/** CPU seconds a second. */
async function countCpu(server: BenchProcess, { startAfterMs, durationMs }: Span): Promise<number> {
  await pause(startAfterMs);
  const before = { cpu: cpuSeconds(server.pid), ms: performance.now() };
  await pause(durationMs);
  const cpu = cpuSeconds(server.pid) - before.cpu;
  return (cpu / (performance.now() - before.ms)) * 1000;
}

async function probeHealth(
  server: BenchProcess,
  { startAfterMs, durationMs }: Span,
): Promise<readonly number[]> {
  await pause(startAfterMs);
  const latenciesMs: number[] = [];
  const endMs = performance.now() + durationMs;
  const single = { port: server.port, concurrency: 1, durationMs: 1, warmupMs: 0 };
  while (performance.now() < endMs) {
    const probed = await runClosedLoop({ ...single, request: httpGet('/v2/health/live') });
    latenciesMs.push(...probed.latenciesMs);
    await pause(15);
  }
  return latenciesMs;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Memory with four instances against one, after the same load. */
export async function benchMemory(repositories: BenchRepositories): Promise<BenchRow> {
  progress('memory of ResNet-50 FP32 with one and with four instances');
  const residentAfterLoad = async (repository: string): Promise<number> => {
    await using server = await startProcess(['bench/server/server-process.ts', repository]);
    await runClosedLoop({ ...saturation, port: server.port, durationMs: 8000, warmupMs: 0 });
    return residentBytes(server.pid);
  };
  const one = await residentAfterLoad(repositories.fp32);
  const four = await residentAfterLoad(repositories.fp32FourInstances);
  return atMost('rssRatio', four / one, {
    bar: 1.3,
    detail: `${Math.round(four / 2 ** 20)} MiB against ${Math.round(one / 2 ** 20)} MiB`,
  });
}
