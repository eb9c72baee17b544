import type { BenchReport } from '../lib/report.ts';
import { createBenchRepositories } from '../server/repository.ts';
import { benchScriptOverhead } from './script-overhead.ts';
import { benchSharedMemory } from './shared-memory.ts';
import { benchTinyModel } from './tiny-model.ts';

/** The protocols against each other, on one server. */
export async function benchProtocols(): Promise<BenchReport> {
  await using repositories = await createBenchRepositories();
  const rows = [
    ...(await benchTinyModel(repositories)),
    await benchSharedMemory(),
    ...(await benchScriptOverhead()),
  ];
  return { name: 'protocols', rows };
}
