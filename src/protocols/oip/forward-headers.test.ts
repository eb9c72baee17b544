import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardHeaders } from './forward-headers.ts';

test('forwardHeaders() adds what matches, over what the request says itself', () => {
  const headers = [
    ['tenant', 'a'],
    ['Tenant-Id', '7'],
    ['tenant', 'b'],
    ['accept', '*/*'],
  ] as const;
  assert.deepEqual(forwardHeaders(/tenant/i, headers, { tenant: 'mine', seed: 1 }), {
    tenant: 'a, b',
    seed: 1,
    'Tenant-Id': '7',
  });
  const parameters = { seed: 1 };
  assert.equal(forwardHeaders(/none/, headers, parameters), parameters);
});

test('forwardHeaders() takes any name for a name', () => {
  const forwarded = forwardHeaders(/./, [['__proto__', 'x']], {});
  assert.deepEqual(Object.entries(forwarded), [['__proto__', 'x']]);
});

test('forwardHeaders() refuses reserved names, where the pattern matches them', () => {
  for (const name of ['timeout', 'priority', 'sequence_id', 'headers', 'triton_x']) {
    assert.throws(() => forwardHeaders(/./, [[name, '1']], {}), {
      code: 'invalid_argument',
      message: `Header '${name}' is reserved for Triton usage and cannot be forwarded.`,
    });
    assert.deepEqual(forwardHeaders(/tenant/, [[name, '1']], {}), {});
  }
});
