import { type BenchRow, atLeast, atMost } from '../lib/report.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { progress } from '../lib/report.ts';
import { startProcess } from '../lib/processes.ts';
import { median, quantile } from '../lib/quantile.ts';
import { type BenchRepositories, modelFile } from './repository.ts';
import { addRequest, httpPost } from './requests.ts';

const rounds = 7;

/** The tiny model over HTTP: what the server adds to a run, and its rate against a bare echo. */
export async function benchTinyModel(repositories: BenchRepositories): Promise<BenchRow[]> {
  progress('tiny model: server, bare runtime and echo, interleaved');
  await using server = await startProcess(['bench/server/server-process.ts', repositories.add]);
  await using echo = await startProcess(['bench/server/echo-process.ts']);
  await using bare = await startProcess([
    'bench/server/bare-process.ts',
    modelFile(repositories.add),
  ]);
  const echoRequest = httpPost('/', addRequest.subarray(0, 512 + 160));
  const alone: number[] = [];
  const floor: number[] = [];
  const ratios: number[] = [];
  const serverRates: number[] = [];
  const echoRates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const single = { port: server.port, request: addRequest, concurrency: 1 };
    const one = await runClosedLoop({ ...single, durationMs: 1000, warmupMs: 300 });
    alone.push(quantile(one.latenciesMs, 0.5));
    floor.push((await bare.ask({ kind: 'latency', runCount: 5000 })) as number);
    const many = { concurrency: 32, durationMs: 1500, warmupMs: 300 };
    const served = await runClosedLoop({ ...many, port: server.port, request: addRequest });
    const echoed = await runClosedLoop({ ...many, port: echo.port, request: echoRequest });
    serverRates.push(served.requestsPerSecond);
    echoRates.push(echoed.requestsPerSecond);
    ratios.push(served.requestsPerSecond / echoed.requestsPerSecond);
  }
  const added = median(alone.map((latency, round) => latency - (floor[round] ?? 0)));
  return [
    atMost('addedP50Ms', added, {
      bar: 0.25,
      detail: `HTTP p50 ${median(alone).toFixed(3)} ms, bare run ${median(floor).toFixed(4)} ms`,
    }),
    atLeast('echoRatio', median(ratios), {
      bar: 0.5,
      detail: `${Math.round(median(serverRates))}/s against ${Math.round(median(echoRates))}/s`,
    }),
  ];
}
