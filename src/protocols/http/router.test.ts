import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Route } from './route.ts';
import { createRouter } from './router.ts';

function routeOf(method: Route['method'], path: string): Route {
  return { method, path, plane: 'inference', handle: () => {}, fail: () => {} };
}

const find = createRouter([
  routeOf('GET', '/v2'),
  routeOf('GET', '/v2/models/{model}'),
  routeOf('GET', '/v2/models/stats'),
  routeOf('POST', '/v2/models/{model}/infer'),
  routeOf('GET', '/v2/models/{model}/versions/{version}'),
  routeOf('GET', '/things/{id}'),
  routeOf('DELETE', '/things/{id}'),
]);

function pathAndParams(method: string, target: string): unknown {
  const match = find(method, target);
  return match.kind === 'route' ? [match.route.path, match.params] : match.kind;
}

test('createRouter() finds a route and its parameters', () => {
  assert.deepEqual(pathAndParams('GET', '/v2'), ['/v2', []]);
  assert.deepEqual(pathAndParams('GET', '/v2/'), ['/v2', []]);
  assert.deepEqual(pathAndParams('GET', '/v2?x=/y'), ['/v2', []]);
  assert.deepEqual(pathAndParams('POST', '/v2/models/m/infer'), [
    '/v2/models/{model}/infer',
    ['m'],
  ]);
  assert.deepEqual(pathAndParams('GET', '/v2/models/m/versions/12'), [
    '/v2/models/{model}/versions/{version}',
    ['m', '12'],
  ]);
});

test('createRouter() prefers a literal segment to a placeholder', () => {
  assert.deepEqual(pathAndParams('GET', '/v2/models/stats'), ['/v2/models/stats', []]);
});

test('createRouter() takes only digits for a version', () => {
  for (const version of ['x', '1a', '-1', '', '1.0', '%31x']) {
    assert.equal(pathAndParams('GET', `/v2/models/m/versions/${version}`), 'unknown');
  }
});

test('createRouter() decodes percent-encoding once and keeps an encoded slash inside its segment', () => {
  assert.deepEqual(pathAndParams('GET', '/v2/models/a%2Fb'), ['/v2/models/{model}', ['a/b']]);
  assert.deepEqual(pathAndParams('GET', '/v2/models/a%252Fb'), ['/v2/models/{model}', ['a%2Fb']]);
  assert.equal(pathAndParams('GET', '/v2/models/%zz'), 'bad_path');
  assert.equal(pathAndParams('GET', '/v2/models/%ff'), 'bad_path');
});

test('createRouter() takes no path from an absolute target', () => {
  assert.equal(pathAndParams('GET', 'http://elsewhere/v2'), 'bad_path');
  assert.equal(pathAndParams('OPTIONS', '*'), 'bad_path');
  assert.equal(pathAndParams('GET', '//v2'), 'unknown');
});

test('createRouter() tells which methods a path has', () => {
  assert.deepEqual(find('PUT', '/v2'), { kind: 'wrong_method', allow: 'GET, HEAD' });
  assert.deepEqual(find('POST', '/things/1'), { kind: 'wrong_method', allow: 'DELETE, GET, HEAD' });
  assert.deepEqual(find('GET', '/v2/models/m/infer'), { kind: 'wrong_method', allow: 'POST' });
  assert.equal(pathAndParams('DELETE', '/nothing'), 'unknown');
});

test('createRouter() lets GET answer HEAD', () => {
  assert.deepEqual(pathAndParams('HEAD', '/v2'), ['/v2', []]);
});

test('createRouter() refuses two routes of one method and path', () => {
  assert.throws(() => createRouter([routeOf('GET', '/a'), routeOf('GET', '/a')]), TypeError);
});

test('createRouter() gives back any model name that was encoded', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
      fc.pre(name !== 'stats' && name.isWellFormed());
      const target = `/v2/models/${encodeURIComponent(name)}`;
      assert.deepEqual(pathAndParams('GET', target), ['/v2/models/{model}', [name]]);
    }),
  );
});

test('createRouter() never throws, whatever the target', () => {
  fc.assert(
    fc.property(fc.string(), (target) => {
      find('GET', target);
      find('GET', `/v2/models/${target}`);
    }),
  );
});
