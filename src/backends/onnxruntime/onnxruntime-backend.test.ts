import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../core/logger.ts';
import type { OnnxModel } from '../../formats/onnx/model.ts';
import {
  addModel,
  identityModel,
  lookupModel,
  slowModel,
} from '../../testing/models/small-models.ts';
import { writeModel } from '../../testing/models/write-model.ts';
import { plainModelConfig, plainModelSpec } from '../../testing/backend-runs.ts';
import { type ContractModel, type ContractSubject, backendContract } from '../contract.ts';
import { createOnnxRuntimeBackend } from './onnxruntime-backend.ts';

const slowWidth = 1024;

function onnxModel(model: ContractModel): OnnxModel {
  switch (model.kind) {
    case 'add':
      return addModel();
    case 'identity':
      return identityModel(model.datatype, model.shape);
    case 'lookup':
      return lookupModel();
    case 'slow':
      return slowModel({ width: slowWidth, layers: 400 });
    default:
      return model satisfies never;
  }
}

async function openOnnxRuntime(): Promise<ContractSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-backend-'));
  const backend = createOnnxRuntimeBackend({ libraryPath: undefined, logger: silentLogger });
  let count = 0;
  return {
    slowWidth,
    async load(model, config) {
      const version = path.join(folder, String((count += 1)));
      await mkdir(version);
      await writeModel(path.join(version, 'model.onnx'), onnxModel(model));
      return backend.load(plainModelSpec(version, config));
    },
    loadMissing: () => backend.load(plainModelSpec(folder)),
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

backendContract('ONNX Runtime backend', openOnnxRuntime);

test('ONNX Runtime backend: a config cannot lead the runtime to files outside the model', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-backend-'));
  await using backend = createOnnxRuntimeBackend({
    libraryPath: undefined,
    logger: silentLogger,
  });
  await writeModel(path.join(folder, 'model.onnx'), addModel());
  const key = 'session.model_external_initializers_file_folder_path';
  const config = plainModelConfig({ parameters: { [key]: tmpdir() } });
  await assert.rejects(backend.load(plainModelSpec(folder, config)), {
    code: 'invalid_argument',
    message: new RegExp(key.replaceAll('.', '\\.')),
  });
  await rm(folder, { recursive: true });
});
