import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwayError } from '../core/error.ts';
import type { Repository } from '../repository/repository.ts';
import { inferRequest } from '../testing/infer-request.ts';
import { createUntraced } from '../testing/untraced.ts';
import { createFakeServer } from '../testing/fake-server.ts';
import { createInferenceServer } from './inference-server.ts';
import type { InferResponse } from './interface.ts';
import { createLogControl } from './logging.ts';
import type { ServedModel } from './served-model.ts';

/** A repository with one model, `net` version 2, that answers when told. */
function createFixture() {
  const answers: PromiseWithResolvers<InferResponse>[] = [];
  let hastenCount = 0;
  const served = {
    metadata: { name: 'net', platform: 'fake', inputs: [], outputs: [] },
    statistics: () => ({ name: 'net', version: 2 }),
    infer() {
      const answer = Promise.withResolvers<InferResponse>();
      answers.push(answer);
      return answer.promise;
    },
    hasten() {
      hastenCount += 1;
    },
  } as unknown as ServedModel;
  const repository = {
    resolve(name: string, version: number | undefined) {
      if (name === 'net' && (version ?? 2) === 2) return served;
      throw new HeadwayError('not_found', `Request for unknown model: '${name}' is not found`);
    },
    versions: () => [2],
    ready: () => [{ name: 'net', version: 2, served }],
    isReady: () => true,
  } as unknown as Repository<ServedModel>;
  const server = createInferenceServer({
    repository,
    name: 'headway',
    version: '1.2.3',
    extensions: ['statistics'],
    sharedMemory: createFakeServer().sharedMemory,
    logging: createLogControl('info'),
    tracing: createUntraced(),
  });
  return {
    server,
    answers,
    get hastenCount() {
      return hastenCount;
    },
  };
}

const request = inferRequest({ modelName: 'net', inputs: new Map() });
const response = {} as InferResponse;

test('createInferenceServer() drains: not ready, refuses, and ends with the last answer', async () => {
  const fixture = createFixture();
  const { server, answers } = fixture;
  const running = [server.infer(request), server.infer(request)];
  assert.equal(server.inFlightCount, 2);
  let isDrained = false;
  const drained = server.drain().then(() => (isDrained = true));
  assert.deepEqual([server.isReady(), server.isModelReady('net', '')], [false, false]);
  assert.deepEqual([server.isLive(), fixture.hastenCount], [true, 1]);
  await assert.rejects(server.infer(request), (error: unknown) => {
    assert.ok(error instanceof HeadwayError);
    assert.match(error.message, /Server is stopping/);
    return error.code === 'unavailable' && error.retryAfterMs !== undefined;
  });
  answers[0]!.resolve(response);
  await running[0];
  assert.equal(isDrained, false);
  answers[1]!.reject(new Error('failed'));
  await assert.rejects(running[1]!);
  await drained;
  assert.equal(server.inFlightCount, 0);
  await server.drain();
});

test('createInferenceServer() reads the version, and refuses one that is none', async () => {
  const { server } = createFixture();
  assert.deepEqual(
    ['', '2', '02'].map((version) => server.isModelReady('net', version)),
    [true, true, true],
  );
  for (const version of ['0', '-1', '1.5', 'x', ' 2', '1e1', '99999999999999999999']) {
    assert.equal(server.isModelReady('net', version), false, version);
    assert.throws(() => server.modelMetadata('net', version), {
      code: 'invalid_argument',
      message: /version should be an integral value > 0/,
    });
  }
  assert.deepEqual(server.modelMetadata('net', '').versions, ['2']);
  await assert.rejects(server.infer({ ...request, modelName: 'x' }), { code: 'not_found' });
});

test('createInferenceServer() tells the statistics of one version, one model or all', () => {
  const { server } = createFixture();
  for (const [name, version] of [
    ['net', '2'],
    ['net', ''],
    ['', ''],
  ] as const) {
    assert.equal(server.statistics(name, version).length, 1);
  }
  assert.throws(() => server.statistics('x', ''), { code: 'not_found' });
});

test('createInferenceServer() hides no mistake of the program behind "not ready"', () => {
  const { server } = createFixture();
  const broken = createInferenceServer({
    repository: {
      resolve: () => {
        throw new TypeError('a mistake');
      },
    } as unknown as Repository<ServedModel>,
    name: '',
    version: '',
    extensions: [],
    sharedMemory: createFakeServer().sharedMemory,
    logging: createLogControl('info'),
    tracing: createUntraced(),
  });
  assert.throws(() => broken.isModelReady('net', ''), TypeError);
  assert.equal(server.serverMetadata().name, 'headway');
});
