import type { JsonSchema, Operation } from './operation.ts';
import { listOf } from './schemas.ts';

const region: JsonSchema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    key: { type: 'string' },
    offset: { type: 'integer', minimum: 0 },
    byte_size: { type: 'integer', minimum: 0 },
  },
  required: ['name', 'key', 'offset', 'byte_size'],
};

const registration: JsonSchema = {
  type: 'object',
  properties: {
    key: { type: 'string', description: 'name of the shared memory object' },
    offset: { type: 'integer', minimum: 0 },
    byte_size: { type: 'integer', minimum: 0 },
  },
  required: ['key', 'byte_size'],
};

/** The operations on one kind of shared memory. */
function operationsOf(
  kind: { readonly path: string; readonly id: string; readonly word: string },
  register: Pick<Operation, 'request' | 'answer' | 'refusals' | 'example'>,
): Readonly<Record<string, Operation>> {
  const { path, id, word } = kind;
  const named = (suffix: string, summary: string): Pick<Operation, 'tag' | 'id' | 'summary'> => ({
    tag: 'Shared memory',
    id: `${id}${suffix}`,
    summary,
  });
  const answer = { description: 'the regions', json: listOf(region) };
  const forget = { answer: { description: 'done' }, refusals: notAllowed };
  return {
    [`GET /v2/${path}/status`]: {
      ...named('Status', `The registered ${word} regions.`),
      answer,
      refusals: {},
    },
    [`GET /v2/${path}/region/{region}/status`]: {
      ...named('RegionStatus', `A registered ${word} region.`),
      answer,
      refusals: { 404: 'no region has that name' },
    },
    [`POST /v2/${path}/region/{region}/register`]: {
      ...named('Register', `Registers a ${word} region.`),
      ...register,
    },
    [`POST /v2/${path}/register`]: {
      ...named('RegisterUnnamed', 'Never done: a region needs a name.'),
      refusals: { 400: 'always' },
    },
    [`POST /v2/${path}/region/{region}/unregister`]: {
      ...named('Unregister', `Forgets a ${word} region.`),
      ...forget,
    },
    [`POST /v2/${path}/unregister`]: {
      ...named('UnregisterAll', `Forgets all ${word} regions.`),
      ...forget,
    },
  };
}

const notAllowed = { 501: 'clients may not share memory' };

export const sharedMemoryOperations: Readonly<Record<string, Operation>> = {
  ...operationsOf(
    { path: 'systemsharedmemory', id: 'systemSharedMemory', word: 'shared memory' },
    {
      request: { isRequired: true, json: registration },
      answer: { description: 'registered' },
      refusals: { ...notAllowed, 400: 'the region cannot be' },
      example: { key: '/input', offset: 0, byte_size: 4096 },
    },
  ),
  ...operationsOf(
    { path: 'cudasharedmemory', id: 'cudaSharedMemory', word: 'CUDA shared memory' },
    { refusals: { ...notAllowed, 400: 'there is no GPU to share memory with' } },
  ),
};
