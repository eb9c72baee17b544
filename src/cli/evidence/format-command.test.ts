import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCommand, hidePassword } from './format-command.ts';

test('formatCommand() quotes what a shell would change', () => {
  assert.equal(
    formatCommand(['bench', 'http://h:1/v2', '--model', 'a b', '--data', "it's", '--x', '']),
    String.raw`headway bench http://h:1/v2 --model 'a b' --data 'it'\''s' --x ''`,
  );
});

test('formatCommand() leaves out what is secret', () => {
  assert.equal(
    formatCommand([
      'bench',
      'https://me:pass@h/',
      '--api-key',
      'key1',
      '--api-key=key2',
      '--header',
      'Authorization: Bearer key3',
    ]),
    "headway bench https://me:…@h/ --api-key … --api-key=… --header 'Authorization: …'",
  );
});

test('hidePassword() leaves everything else of a URL', () => {
  assert.equal(hidePassword('http://me:p%40ss@h:1/v2?a=b@c'), 'http://me:…@h:1/v2?a=b@c');
  for (const url of ['http://h:1/a:b@c', 'http://me@h', 'h:1'])
    assert.equal(hidePassword(url), url);
});
