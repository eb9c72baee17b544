import type { BenchReport } from '../lib/report.ts';
import { createBenchRepositories } from '../server/repository.ts';
import { benchTinyModel } from './tiny-model.ts';

/** The protocols against each other, on one server. */
export async function benchProtocols(): Promise<BenchReport> {
  await using repositories = await createBenchRepositories();
  return { name: 'protocols', rows: await benchTinyModel(repositories) };
}
