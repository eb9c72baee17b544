import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveInProcess } from './support/cli.ts';

const models = join(import.meta.dirname, '../examples/script/models');

test('the script example counts words as its page says', async () => {
  await using served = await serveInProcess(models, '--allow-scripts');
  const ask = async (text: string): Promise<unknown> => {
    const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: [text] }];
    const response = await fetch(`${served.urls.http}/v2/models/top-words/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs }),
    });
    return response.json();
  };
  const { outputs } = (await ask('The dog and the cat and the bird')) as {
    readonly outputs: readonly { readonly data: unknown }[];
  };
  assert.deepEqual(
    outputs.map(({ data }) => data),
    [
      ['the', 'and'],
      [3, 2],
    ],
  );
  assert.deepEqual(await ask('!'), { error: 'The text has no word.' });
  assert.equal(await served.metric('nv_inference_request_success', { model: 'words' }), 2);
});
