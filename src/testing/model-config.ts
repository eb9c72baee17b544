import assert from 'node:assert/strict';
import type { ModelConfig } from '../config/model-config.ts';
import { parseModelConfigPbtxt } from '../config/model/parse-model-config.ts';

/** The config that a text stands for, as it is written: nothing is taken from a model. */
export function modelConfig(text: string, modelName = 'net'): ModelConfig {
  return parseModelConfigPbtxt(text, {
    modelName,
    file: 'config.pbtxt',
    defaultMaxQueueSize: 1024,
    warn: assert.fail,
  });
}
