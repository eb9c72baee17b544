import type { ServedModel } from '../server/served-model.ts';
import type { Logger } from '../core/logger.ts';

/** What libuv has unless the environment says otherwise. */
const defaultThreadCount = 4;

/** Looks at the models in service; says something at most once. */
export type ThreadCheck = (models: readonly Pick<ServedModel, 'config'>[]) => void;

/**
 * Makes a check that warns when the instances of ONNX models are more than the threads their runs
 * share, since those beyond would wait for a thread whenever the others run.
 * @param poolSize the environment variable `UV_THREADPOOL_SIZE`.
 */
export function createThreadCheck(poolSize: string | undefined, logger: Logger): ThreadCheck {
  const threadCount = Number(poolSize) || defaultThreadCount;
  let hasWarned = false;
  return (models) => {
    const instanceCount = models
      .filter(({ config }) => config.backend === 'onnxruntime')
      .flatMap(({ config }) => config.instanceGroups)
      .reduce((sum, { count }) => sum + count, 0);
    if (hasWarned || instanceCount <= threadCount) return;
    hasWarned = true;
    logger.warning(
      'The models have more instances than there are threads to run them: some wait for a thread. Set UV_THREADPOOL_SIZE when the program starts.',
      { instances: instanceCount, threads: threadCount },
    );
  };
}
