import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSystemClock } from '../src/core/clock.ts';
import { silentLogger } from '../src/core/logger.ts';
import { plainModelSpec } from '../src/testing/backend-runs.ts';
import {
  type ContractModel,
  type ContractSubject,
  backendContract,
} from '../src/backends/contract.ts';
import { createScriptBackend } from '../src/backends/script/script-backend.ts';

const slowWidth = 4;

function contractScript(model: ContractModel): string {
  switch (model.kind) {
    case 'identity':
      return `
        const spec = { datatype: '${model.datatype}', shape: ${JSON.stringify(model.shape)} };
        export const signature = {
          inputs: [{ name: 'input', ...spec }],
          outputs: [{ name: 'output', ...spec }],
        };
        export const execute = (requests) => requests.map(({ inputs }) => ({ output: inputs.input }));`;
    case 'add':
      return `
        import { type Execute, elementsOf, inputOf, tensor } from 'headway/script';
        const of = (name: string) => ({ name, datatype: 'FP32', shape: [-1, 64] });
        export const signature = { inputs: [of('a'), of('b')], outputs: [of('sum')] };
        export const execute: Execute = (requests) =>
          requests.map((request) => {
            const a = inputOf(request, 'a');
            const right = elementsOf(inputOf(request, 'b'), 'FP32');
            const sum = elementsOf(a, 'FP32').map((value, at) => value + right[at]!);
            return { sum: tensor('FP32', a.shape, sum) };
          });`;
    case 'lookup':
      return `
        import { elementsOf, invalidArgument, tensor } from 'headway/script';
        export const signature = {
          inputs: [{ name: 'index', datatype: 'INT64', shape: [-1] }],
          outputs: [{ name: 'value', datatype: 'FP32', shape: [-1] }],
        };
        export const execute = (requests) =>
          requests.map(({ inputs: { index } }) => {
            const indices = [...elementsOf(index, 'INT64')].map(Number);
            if (indices.some((at) => at > 7)) return invalidArgument('An index is too large.');
            return { value: tensor('FP32', index.shape, Float32Array.from(indices, (at) => at * 10)) };
          });`;
    case 'slow':
      return `
        const spec = { datatype: 'FP32', shape: [-1, ${slowWidth}] };
        export const signature = {
          inputs: [{ name: 'input', ...spec }],
          outputs: [{ name: 'output', ...spec }],
        };
        export const execute = () => {
          for (;;);
        };`;
    default:
      return model satisfies never;
  }
}

async function openScripts(): Promise<ContractSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-script-'));
  const backend = createScriptBackend({
    isAllowed: true,
    mainPath: path.join(import.meta.dirname, '../src/backends/script/process/main.ts'),
    callModel: () => Promise.reject(new TypeError('there is no other model')),
    clock: createSystemClock(),
    logger: silentLogger,
  });
  let count = 0;
  return {
    slowWidth,
    async load(model) {
      const version = path.join(folder, String((count += 1)));
      await mkdir(version);
      await writeFile(path.join(version, 'model.ts'), contractScript(model));
      return backend.load(plainModelSpec(version));
    },
    loadMissing: () => backend.load(plainModelSpec(folder)),
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

backendContract('script backend', openScripts);
