import assert from 'node:assert/strict';
import test from 'node:test';
import { createKeyAuthorizer, hashApiKey } from './authorize.ts';

const authorize = createKeyAuthorizer([
  { sha256: hashApiKey('reader'), planes: ['inference', 'observability'] },
  { sha256: hashApiKey('owner'), planes: ['inference', 'admin', 'observability'] },
]);

test('createKeyAuthorizer() opens the planes of a key', () => {
  authorize('inference', { authorization: 'Bearer reader' });
  authorize('admin', { authorization: 'bearer owner' });
});

test('createKeyAuthorizer() refuses a missing, malformed or unknown key', () => {
  const headers = [
    undefined,
    '',
    'reader',
    'Basic reader',
    'Bearer',
    'Bearer a b',
    'Bearer nobody',
  ];
  for (const authorization of headers) {
    const given = authorization === undefined ? {} : { authorization };
    assert.throws(() => authorize('inference', given), { code: 'unauthenticated' });
  }
});

test('createKeyAuthorizer() refuses a plane the key does not open', () => {
  assert.throws(() => authorize('admin', { authorization: 'Bearer reader' }), {
    code: 'permission_denied',
  });
});

test('createKeyAuthorizer() without keys opens everything', () => {
  createKeyAuthorizer([])('admin', {});
});
