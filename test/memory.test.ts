import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwayError } from '../src/client/index.ts';
import { identityModel, lookupModel } from '../src/testing/models/small-models.ts';
import { serveInProcess } from './support/cli.ts';
import { createTestRepository } from './support/serve.ts';

const mebibyte = 1024 * 1024;
/** What a heap of this size moves by between two collections; a leak of the bodies is 16 times it. */
const looseBytes = 128 * mebibyte;

test('2,000 bodies of 1 MB leave the server as large as the first hundreds did', async () => {
  await using repository = await createTestRepository({
    'echo/1/model.onnx': identityModel('FP32', [-1, 256 * 1024]),
    'lookup/1/model.onnx': lookupModel(),
  });
  await using served = await serveInProcess(repository.root);
  const { client } = served;
  const data = new Float32Array(256 * 1024).fill(1);
  const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 256 * 1024], data } as const];
  const bad = {
    name: 'index',
    datatype: 'INT64',
    shape: [1],
    data: BigInt64Array.of(99n),
  } as const;

  /** Answered ones, failed ones and abandoned ones, which must all let go of what they held. */
  const send = async (turn: number): Promise<void> => {
    if (turn % 50 === 7) {
      const gone = new AbortController();
      const answer = client.infer({ model: 'echo', inputs, signal: gone.signal });
      setImmediate(() => gone.abort());
      await answer.catch((error: unknown) => assert.ok(error instanceof HeadwayError));
    } else if (turn % 50 === 9) {
      await assert.rejects(client.infer({ model: 'lookup', inputs: [bad] }));
    } else {
      const { outputs } = await client.infer({ model: 'echo', inputs });
      assert.equal(outputs.get('output')!.data.length, data.length);
    }
  };
  const sendMany = async (count: number): Promise<void> => {
    let turn = 0;
    const worker = async (): Promise<void> => {
      while (turn < count) await send((turn += 1));
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  };
  const residentBytes = async (): Promise<number> =>
    (await served.metric('process_resident_memory_bytes', {})) ?? Infinity;

  await sendMany(500);
  const early = await residentBytes();
  await sendMany(1500);
  const late = await residentBytes();
  const grown = Math.round((late - early) / mebibyte);
  assert.ok(late - early < looseBytes, `${grown} MiB more after 1,500 further requests`);
  assert.equal(await served.metric('headway_in_flight_requests', { model: 'echo' }), 0);
});
