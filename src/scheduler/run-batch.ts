import type { BatchResult, ExecuteBatch } from '../core/batch.ts';
import { toHeadwayError } from '../core/error.ts';
import type { BatchOutcome, RunningBatch } from './scheduled-job.ts';

/**
 * Runs a batch on an instance and tells the outcome, once, to `finish`. Returns whether the run is
 * over already; then `finish` was called within.
 */
export function runBatch(
  execute: ExecuteBatch,
  batch: RunningBatch,
  finish: (outcome: BatchOutcome, isInline: boolean) => void,
): boolean {
  let result: BatchResult | Promise<BatchResult>;
  try {
    const requests = batch.jobs.map(({ job }) => job.request);
    result = execute({ requests }, batch.abort.signal);
  } catch (thrown) {
    finish({ kind: 'failed', error: toHeadwayError(thrown) }, true);
    return true;
  }
  if (!(result instanceof Promise)) {
    finish({ kind: 'done', result }, true);
    return true;
  }
  result.then(
    (done) => finish({ kind: 'done', result: done }, false),
    (thrown: unknown) => finish({ kind: 'failed', error: toHeadwayError(thrown) }, false),
  );
  return false;
}
