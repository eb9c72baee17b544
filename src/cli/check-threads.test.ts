import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainModelConfig } from '../testing/backend-runs.ts';
import { silentLogger } from '../core/logger.ts';
import type { ModelConfig } from '../config/model-config.ts';
import { createThreadCheck } from './check-threads.ts';

const model = (count: number, backend = 'onnxruntime'): { readonly config: ModelConfig } => ({
  config: plainModelConfig({
    backend,
    instanceGroups: [{ name: 'model', count, kind: 'cpu', gpus: [] }],
  }),
});

/** What is warned of while models come, one by one. */
function warnings(
  poolSize: string | undefined,
  models: readonly ReturnType<typeof model>[],
): unknown[] {
  const told: unknown[] = [];
  const warning = (_: string, fields: unknown): void => void told.push(fields);
  const check = createThreadCheck(poolSize, { ...silentLogger, warning });
  for (let count = 1; count <= models.length; count += 1) check(models.slice(0, count));
  return told;
}

test('createThreadCheck() warns once, when there are more instances than threads', () => {
  const expected = [{ instances: 5, threads: 4 }];
  assert.deepEqual(warnings(undefined, [model(4), model(1), model(9)]), expected);
  assert.deepEqual(warnings('4', [model(5)]), expected);
  assert.deepEqual(warnings(undefined, [model(4)]), []);
  assert.deepEqual(warnings('20', [model(15), model(5)]), []);
});

test('createThreadCheck() counts no instances that have processes of their own', () => {
  assert.deepEqual(warnings(undefined, [model(4), model(50, 'script')]), []);
});
