import type { BenchReport } from '../lib/report.ts';
import { benchColdStart } from './cold-start.ts';
import { createBenchRepositories } from './repository.ts';
import { benchMemory, benchSaturated } from './resnet.ts';
import { benchTinyModel } from './tiny-model.ts';

/** The server against the bare runtime and a bare HTTP server, in one run. */
export async function benchServer(): Promise<BenchReport> {
  await using repositories = await createBenchRepositories();
  const tiny = await benchTinyModel(repositories);
  const saturated = await benchSaturated(repositories);
  const memory = await benchMemory(repositories);
  const cold = await benchColdStart(repositories);
  return { name: 'server', rows: [...tiny, ...saturated, memory, cold] };
}
