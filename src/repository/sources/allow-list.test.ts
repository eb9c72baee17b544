import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSourceAllowed, isSourceAllowed } from './allow-list.ts';
import { parseSourceReference } from './reference.ts';

const isAllowed = (text: string, ...prefixes: string[]): boolean =>
  isSourceAllowed(parseSourceReference(text), prefixes);

test('isSourceAllowed() allows nothing without prefixes', () => {
  assert.equal(isAllowed('npm:a@1.0.0/x'), false);
});

test('isSourceAllowed() allows what begins with a prefix', () => {
  assert.equal(isAllowed('npm:a@1.0.0/x', 'hf:', 'npm:'), true);
  assert.equal(isAllowed('hf:acme/net@main/x', 'hf:acme/'), true);
  assert.equal(isAllowed('hf:acme/net@main/x', 'hf:acme/net'), true);
  assert.equal(isAllowed('https://example.com/x', 'https://example.com'), true);
  assert.equal(isAllowed('file:models/x', 'file:models'), true);
  assert.equal(isAllowed('npm:a@1.0.0/x', 'npm:a@1.0.0/x'), true);
});

test('isSourceAllowed() does not take a longer name for a prefix', () => {
  assert.equal(isAllowed('https://example.com.evil.org/x', 'https://example.com'), false);
  assert.equal(isAllowed('https://example.com:8443/x', 'https://example.com'), false);
  assert.equal(isAllowed('hf:acme-evil/net@main/x', 'hf:acme'), false);
  assert.equal(isAllowed('npm:abc@1.0.0/x', 'npm:ab'), false);
});

test('isSourceAllowed() compares canonical references', () => {
  assert.equal(isAllowed('file:models/../../etc/passwd', 'file:models/'), false);
  assert.equal(isAllowed('https://example.com/a/%2e%2e/b', 'https://example.com/a/'), false);
  assert.equal(isAllowed('https://EXAMPLE.com/a', 'https://example.com/'), true);
});

test('assertSourceAllowed() says how to allow a source', () => {
  const reference = parseSourceReference('npm:a@1.0.0/x');
  assert.throws(() => assertSourceAllowed(reference, ['hf:']), {
    code: 'permission_denied',
    message: /allowed: hf:.*such as 'npm:'/,
  });
});
