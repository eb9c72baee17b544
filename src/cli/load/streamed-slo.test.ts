import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSlo } from '../../core/slo.ts';
import type { CommonOptions } from './common-options.ts';
import { checkSloProtocol } from './streamed-slo.ts';

const options: CommonOptions = {
  model: 'm',
  tolerance: 0,
  promptWords: '1',
  outputTokens: '1',
  seed: 1,
  timeout: 1000,
  evidence: false,
};
const url = 'http://127.0.0.1:1';

describe('checkSloProtocol()', () => {
  test('takes clauses about tokens where answers are streamed', () => {
    const slo = parseSlo('p99=1s,ttft.p95=500ms,itl.p99=60ms,tpot.p99=40ms');
    for (const protocol of ['chat', 'completions'] as const) {
      checkSloProtocol(slo, url, { ...options, protocol });
    }
  });

  test('refuses them elsewhere, and says where they are', () => {
    for (const [text, address, protocol] of [
      ['ttft.p95=500ms', url, undefined],
      ['p99=1s,itl.p99=60ms', url, 'embeddings'],
      ['tpot.p99=40ms', 'grpc://127.0.0.1:1', undefined],
    ] as const) {
      const asked = protocol === undefined ? options : { ...options, protocol };
      assert.throws(() => checkSloProtocol(parseSlo(text), address, asked), {
        code: 'invalid_argument',
        message: /are not streamed\. Ask with --protocol chat or --protocol completions/,
      });
    }
  });

  test('takes the whole latency anywhere', () => {
    checkSloProtocol(parseSlo('p99=1s'), url, options);
    checkSloProtocol(undefined, url, options);
  });
});
