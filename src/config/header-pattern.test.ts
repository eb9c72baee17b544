import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerPatternOf } from './header-pattern.ts';
import { resolveServerConfig } from './resolve-server-config.ts';

function matches(pattern: string, name: string): boolean {
  const values = { httpHeaderForwardPattern: pattern };
  const config = resolveServerConfig([{ from: 'test', values }]);
  assert.equal(headerPatternOf(config, 'grpcHeaderForwardPattern'), undefined);
  return headerPatternOf(config, 'httpHeaderForwardPattern')!.test(name);
}

test('headerPatternOf() takes both cases unless it is told otherwise', () => {
  assert.ok(matches('MY_HEADER.*', 'my_header_1'));
  assert.ok(matches('(?i)MY_HEADER.*', 'my_header_1'));
  assert.ok(!matches('(?-i)MY_HEADER.*', 'my_header_1'));
  assert.ok(matches('(?-i)MY_HEADER.*', 'MY_HEADER_1'));
});

test('headerPatternOf() matches any part of a name', () => {
  assert.ok(matches('tenant', 'acme-tenant-id'));
  assert.ok(!matches('^tenant', 'acme-tenant-id'));
});

test('a pattern that is no regular expression is refused at the start', () => {
  assert.throws(() => matches('(', 'x'), {
    code: 'invalid_argument',
    message:
      /^Setting 'httpHeaderForwardPattern' \(--http-header-forward-pattern\) must be .*'\(' is none/,
  });
});
