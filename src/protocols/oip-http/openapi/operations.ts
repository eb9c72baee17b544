import { inferOperation } from './infer-operation.ts';
import type { JsonSchema, Operation } from './operation.ts';
import { listOf, ref } from './schemas.ts';
import { sharedMemoryOperations } from './shared-memory-operations.ts';

const jsonRefusal = { 400: 'the body is not what is expected' };
const modelRefusals = {
  404: 'no model has that name, or no version that number',
  503: 'the model or its version is not in service',
};
const explicitRefusals = {
  ...jsonRefusal,
  404: 'no model has that name',
  503: 'the server does not take load and unload requests, or is stopping',
};
const namedRepository: Operation = {
  tag: 'Repository',
  id: 'namedRepository',
  summary: 'Never done: repositories have no names here.',
  refusals: { 501: 'always' },
};

function reads(
  tag: string,
  id: string,
  rest: { readonly summary: string; readonly json: JsonSchema } & Pick<Operation, 'refusals'>,
): Operation {
  const { summary, json, refusals } = rest;
  return { tag, id, summary, answer: { description: 'it', json }, refusals };
}

function changesSettings(id: string, summary: string, json: JsonSchema): Operation {
  return {
    tag: 'Settings',
    id,
    summary,
    request: { isRequired: false, json },
    answer: { description: 'the settings as they are now', json },
    refusals: {
      400: 'a name is not known, or a value does not fit',
      501: 'a setting that only the start of the server can give',
    },
  };
}

const health = (id: string, summary: string): Operation => ({
  tag: 'Health',
  id,
  summary,
  answer: { description: 'yes' },
  refusals: {},
  bareRefusals: { 400: 'no' },
});

const traceSettings: JsonSchema = {
  type: 'object',
  additionalProperties: {
    anyOf: [{ type: ['string', 'null'] }, listOf({ type: 'string' })],
  },
};

const logSettings: JsonSchema = {
  type: 'object',
  additionalProperties: { type: ['boolean', 'integer', 'string'] },
};

/**
 * What each route does, by its method and path; a path with a version is found under the one
 * without. This is the one place where a new route is described.
 */
export const operations: Readonly<Record<string, Operation>> = {
  'GET /v2/health/live': health('serverLive', 'Whether the server is up.'),
  'GET /v2/health/ready': health('serverReady', 'Whether every wanted model is in service.'),
  'GET /v2/models/{model}/ready': health('modelReady', 'Whether a model is in service.'),

  'GET /v2': reads('Metadata', 'serverMetadata', {
    summary: 'Name, version and extensions of the server.',
    json: ref('ServerMetadata'),
    refusals: {},
  }),
  'GET /v2/models/{model}': reads('Metadata', 'modelMetadata', {
    summary: 'Versions, inputs and outputs of a model.',
    json: ref('ModelMetadata'),
    refusals: modelRefusals,
  }),
  'GET /v2/models/{model}/config': reads('Metadata', 'modelConfig', {
    summary: 'The config of a model, completed.',
    json: ref('ModelConfig'),
    refusals: modelRefusals,
  }),
  'GET /v2/models/{model}/files': reads('Metadata', 'modelFiles', {
    summary: 'The files that a model was loaded from, with the hashes of their contents.',
    json: ref('ModelFiles'),
    refusals: {
      ...modelRefusals,
      400: 'the files were changed or removed since, or came with a load request',
    },
  }),
  'GET /v2/models/{model}/stats': reads('Statistics', 'modelStatistics', {
    summary: 'What a model did since it was loaded.',
    json: ref('StatisticsAnswer'),
    refusals: modelRefusals,
  }),
  'GET /v2/models/stats': reads('Statistics', 'allStatistics', {
    summary: 'What every model did since it was loaded.',
    json: ref('StatisticsAnswer'),
    refusals: {},
  }),

  'POST /v2/models/{model}/infer': inferOperation,

  'POST /v2/repository/index': {
    tag: 'Repository',
    id: 'repositoryIndex',
    summary: 'The models of the repository and their states.',
    request: { isRequired: false, json: ref('IndexRequest') },
    answer: { description: 'one entry a version', json: listOf(ref('IndexEntry')) },
    refusals: jsonRefusal,
    example: { ready: true },
  },
  'POST /v2/repository/models/{model}/load': {
    tag: 'Repository',
    id: 'loadModel',
    summary: 'Loads a model, or loads it again, from disk or from the request.',
    request: { isRequired: false, json: ref('LoadRequest') },
    answer: { description: 'the model is in service' },
    refusals: explicitRefusals,
    example: { parameters: { config: '{"max_batch_size":16}' } },
  },
  'POST /v2/repository/models/{model}/unload': {
    tag: 'Repository',
    id: 'unloadModel',
    summary: 'Takes a model out of service once its requests in flight are answered.',
    request: { isRequired: false, json: ref('UnloadRequest') },
    answer: { description: 'the model is out of service' },
    refusals: explicitRefusals,
  },
  'POST /v2/repository/{repository}/index': namedRepository,
  'POST /v2/repository/{repository}/models/{model}/load': {
    ...namedRepository,
    id: 'namedRepositoryLoad',
  },
  'POST /v2/repository/{repository}/models/{model}/unload': {
    ...namedRepository,
    id: 'namedRepositoryUnload',
  },

  'GET /v2/trace/setting': reads('Settings', 'traceSettings', {
    summary: 'Which requests are traced.',
    json: traceSettings,
    refusals: {},
  }),
  'POST /v2/trace/setting': changesSettings(
    'changeTraceSettings',
    'Changes which requests are traced; null takes a change back.',
    traceSettings,
  ),
  'GET /v2/models/{model}/trace/setting': reads('Settings', 'modelTraceSettings', {
    summary: 'Which requests for a model are traced.',
    json: traceSettings,
    refusals: { 400: 'no model has that name' },
  }),
  'POST /v2/models/{model}/trace/setting': changesSettings(
    'changeModelTraceSettings',
    "Changes which requests for a model are traced; null follows the server's settings again.",
    traceSettings,
  ),
  'GET /v2/logging': reads('Settings', 'logSettings', {
    summary: 'What the server logs.',
    json: logSettings,
    refusals: {},
  }),
  'POST /v2/logging': changesSettings(
    'changeLogSettings',
    'Changes what the server logs.',
    logSettings,
  ),

  ...sharedMemoryOperations,

  'GET /v2/openapi.json': reads('Documentation', 'openApi', {
    summary: 'This document.',
    json: { type: 'object' },
    refusals: {},
  }),
  'GET /v2/docs': {
    tag: 'Documentation',
    id: 'docs',
    summary: 'This document as a page to read.',
    answer: { description: 'the page', html: true },
    refusals: {},
  },
};
