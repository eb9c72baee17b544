import { HeadwayError, invalidArgument } from '../../core/error.ts';
import type { IndexEntry, LoadOverrides } from '../../repository/repository.ts';
import type { InferenceServer } from '../../server/interface.ts';
import {
  type ModelIndexMessage,
  type RepositoryModelRequest,
  emptyMessage,
  indexAnswer,
  indexRequest,
  inferenceService,
  repositoryModelRequest,
} from './codec/messages.ts';
import type { GrpcMethod } from './method.ts';
import { message, plainMethod } from './unary.ts';

const plane = 'admin';

/**
 * RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload.
 * @param maxLoadBytes the longest load request, which may bring the files of a model.
 */
export function createRepositoryMethods(
  server: InferenceServer,
  maxLoadBytes: number,
): readonly GrpcMethod[] {
  return [
    plainMethod({
      path: `${inferenceService}/RepositoryIndex`,
      plane,
      request: indexRequest,
      answer(request) {
        refuseNamed(request.repository_name);
        const models = server.repositoryIndex(request.ready).map(toIndexMessage);
        return message(indexAnswer, { models });
      },
    }),
    plainMethod({
      path: `${inferenceService}/RepositoryModelLoad`,
      plane,
      request: repositoryModelRequest,
      maxMessageBytes: maxLoadBytes,
      async answer(request) {
        refuseNamed(request.repository_name);
        await server.loadModel(request.model_name, readOverrides(request));
        return message(emptyMessage, {});
      },
    }),
    plainMethod({
      path: `${inferenceService}/RepositoryModelUnload`,
      plane,
      request: repositoryModelRequest,
      async answer(request) {
        refuseNamed(request.repository_name);
        checkUnloadParameters(request);
        await server.unloadModel(request.model_name);
        return message(emptyMessage, {});
      },
    }),
  ];
}

function refuseNamed(repository: string): void {
  if (repository === '') return;
  throw new HeadwayError(
    'unimplemented',
    `A named repository ('${repository.slice(0, 100)}') is not supported; leave the repository name out.`,
  );
}

function toIndexMessage({ name, version, state, reason }: IndexEntry): ModelIndexMessage {
  return {
    name,
    version: version === undefined ? '' : String(version),
    state: state ?? '',
    reason,
  };
}

function readOverrides({ parameters }: RepositoryModelRequest): LoadOverrides | undefined {
  let configJson: string | undefined;
  const files = new Map<string, Uint8Array>();
  for (const [name, { string_param: text, bytes_param: bytes }] of Object.entries(parameters)) {
    if (name === 'config') {
      if (text === undefined) throw wrongType(name, 'string_param');
      configJson = text;
    } else if (name.startsWith('file:')) {
      if (bytes === undefined) throw wrongType(name, 'bytes_param');
      files.set(name.slice('file:'.length), bytes);
    } else throw unknownParameter(name, "'config' and 'file:<version>/<name>'");
  }
  if (configJson === undefined && files.size > 0) {
    throw invalidArgument("Loading with files needs the parameter 'config' as well.");
  }
  return configJson === undefined ? undefined : { configJson, files };
}

/** `unload_dependents` changes nothing: no model here depends on another. */
function checkUnloadParameters({ parameters }: RepositoryModelRequest): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (name !== 'unload_dependents') throw unknownParameter(name, "'unload_dependents'");
    if (value.bool_param === undefined) throw wrongType(name, 'bool_param');
  }
}

function wrongType(name: string, expected: string): Error {
  return invalidArgument(`invalid value type for '${name}' parameter, expected ${expected}.`);
}

function unknownParameter(name: string, known: string): Error {
  return invalidArgument(`The parameter '${name.slice(0, 100)}' is not known; known are ${known}.`);
}
