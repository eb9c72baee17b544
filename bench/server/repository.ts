import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resnet50Fp32, resnet50Int8Qdq } from '../../src/testing/models/resnet50.ts';
import { addModel } from '../../src/testing/models/small-models.ts';
import { writeModel } from '../../src/testing/models/write-model.ts';

/** Repositories of models made with seeded weights, each in a folder of its own. */
export interface BenchRepositories extends AsyncDisposable {
  /** A 64-float Add. */
  readonly add: string;
  /** ResNet-50, FP32. */
  readonly fp32: string;
  /** ResNet-50 FP32 with four instances. */
  readonly fp32FourInstances: string;
  /** ResNet-50, INT8 as QDQ. */
  readonly int8: string;
}

/** Batch limit of the ResNet-50 models. */
export const resnetMaxBatchSize = 8;

/** Writes the models the benchmark needs. */
export async function createBenchRepositories(): Promise<BenchRepositories> {
  const root = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  const write = async (
    folder: string,
    name: string,
    { model, config }: { model: Parameters<typeof writeModel>[1]; config: string },
  ): Promise<string> => {
    const repository = join(root, folder);
    await mkdir(join(repository, name, '1'), { recursive: true });
    await writeFile(join(repository, name, 'config.pbtxt'), config);
    await writeModel(join(repository, name, '1', 'model.onnx'), model);
    return repository;
  };
  const batched = `max_batch_size: ${resnetMaxBatchSize}\n`;
  const fp32 = resnet50Fp32();
  return {
    add: await write('add', 'add', { model: addModel(), config: 'max_batch_size: 32\n' }),
    fp32: await write('fp32', 'resnet', { model: fp32, config: batched }),
    fp32FourInstances: await write('fp32-4', 'resnet', {
      model: fp32,
      config: `${batched}instance_group [{ count: 4 }]\n`,
    }),
    int8: await write('int8', 'resnet', { model: resnet50Int8Qdq(), config: batched }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** The model file of a repository's only model. */
export function modelFile(repository: string): string {
  const name = repository.endsWith('add') ? 'add' : 'resnet';
  return join(repository, name, '1', 'model.onnx');
}
