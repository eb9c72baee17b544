import { WireWriter } from '../../src/formats/protobuf/writer.ts';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { type GrpcLoopOptions, runGrpcLoop } from '../lib/grpc-loop.ts';
import { startProcess } from '../lib/processes.ts';
import { median } from '../lib/quantile.ts';
import { type BenchRow, atLeast, atMost, progress } from '../lib/report.ts';
import { type BenchRepositories, modelFile } from '../server/repository.ts';
import { addRequest } from '../server/requests.ts';

const rounds = 5;
const service = '/inference.GRPCInferenceService';

/** Where one round put its figures. */
interface Round {
  readonly bareMs: number;
  readonly httpMs: number;
  readonly grpcMs: number;
  readonly streamMs: number;
  readonly httpRate: number;
  readonly grpcRate: number;
}

/** The tiny model over HTTP, gRPC and a gRPC stream: what each adds to a run, and their rates. */
export async function benchTinyModel(repositories: BenchRepositories): Promise<BenchRow[]> {
  progress('tiny model: HTTP, gRPC and stream, interleaved');
  const { add } = repositories;
  await using server = await startProcess(['bench/protocols/server-process.ts', add]);
  await using bare = await startProcess(['bench/server/bare-process.ts', modelFile(add)]);
  const httpPort = (await server.ask('http port')) as number;
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const bareMs = (await bare.ask({ kind: 'latency', runCount: 5000 })) as number;
    measured.push({ bareMs, ...(await measureRound(httpPort, server.port)) });
  }
  const middle = (of: (round: Round) => number): number => median(measured.map(of));
  const added = (name: string, bar: number, of: (round: Round) => number): BenchRow =>
    atMost(
      name,
      middle((round) => of(round) - round.bareMs),
      {
        bar,
        detail: `p50 ${middle(of).toFixed(3)} ms, bare run ${middle((round) => round.bareMs).toFixed(4)} ms`,
      },
    );
  const rates = `${Math.round(middle((it) => it.grpcRate))}/s against ${Math.round(middle((it) => it.httpRate))}/s`;
  return [
    added('httpAddedP50Ms', 0.25, (round) => round.httpMs),
    added('grpcAddedP50Ms', 0.45, (round) => round.grpcMs),
    added('streamAddedP50Ms', 0.35, (round) => round.streamMs),
    atLeast(
      'grpcToHttpRatio',
      middle((round) => round.grpcRate / round.httpRate),
      { bar: 0.5, detail: rates },
    ),
  ];
}

async function measureRound(httpPort: number, grpcPort: number): Promise<Omit<Round, 'bareMs'>> {
  const single = { concurrency: 1, durationMs: 1000, warmupMs: 300 };
  const many = { concurrency: 32, durationMs: 1500, warmupMs: 300 };
  const http = { port: httpPort, request: addRequest };
  const grpc: Pick<GrpcLoopOptions, 'port' | 'message' | 'path' | 'mode'> = {
    port: grpcPort,
    message: addMessage(),
    path: `${service}/ModelInfer`,
    mode: 'unary',
  };
  const stream = { ...grpc, path: `${service}/ModelStreamInfer`, mode: 'stream' } as const;
  return {
    httpMs: median((await runClosedLoop({ ...http, ...single })).latenciesMs),
    grpcMs: median((await runGrpcLoop({ ...grpc, ...single })).latenciesMs),
    streamMs: median((await runGrpcLoop({ ...stream, ...single })).latenciesMs),
    httpRate: (await runClosedLoop({ ...http, ...many })).requestsPerSecond,
    grpcRate: (await runGrpcLoop({ ...grpc, ...many })).requestsPerSecond,
  };
}

/** A ModelInferRequest for the tiny model: 64 + 64 floats as raw contents. */
function addMessage(): Uint8Array {
  const values = new Uint8Array(new Float32Array(64).fill(0.5).buffer);
  const writer = new WireWriter();
  writer.text(1, 'add');
  for (const name of ['a', 'b']) {
    writer.message(5, (input) => {
      input.text(1, name);
      input.text(2, 'FP32');
      input.packedInt64(3, [1, 64]);
    });
  }
  writer.bytes(7, values);
  writer.bytes(7, values);
  return Buffer.concat(writer.finish());
}
