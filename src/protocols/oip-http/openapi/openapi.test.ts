import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createSystemClock } from '../../../core/clock.ts';
import { type ErrorCode, HeadwayError } from '../../../core/error.ts';
import { silentLogger } from '../../../core/logger.ts';
import type { InferenceServer } from '../../../server/interface.ts';
import { createFakeServer } from '../../../testing/fake-server.ts';
import { startHandler } from '../../../testing/http-exchange.ts';
import { createKeyAuthorizer, hashApiKey } from '../../http/authorize.ts';
import { createHttpHandler } from '../../http/handler.ts';
import { defaultBodyLimits } from '../../http/limits.ts';
import type { HttpServer } from '../../http/server.ts';
import { createOipRoutes } from '../routes.ts';
import { statusByCode } from '../status.ts';
import { createOpenApiDocument, describeRoutes, refusalsOf } from './document.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { withDocumentation } from './routes.ts';

const key = 'secret';
const options = { version: '1.2.3', needsKey: true };
const clock = createSystemClock();

function routesOf(server: InferenceServer) {
  const routes = createOipRoutes({ server, clock, limits: defaultBodyLimits });
  return withDocumentation(routes, options);
}

const routes = routesOf(createFakeServer());
const document = createOpenApiDocument(routes, options);
const described = describeRoutes(routes);

function serve(server: InferenceServer = createFakeServer()): Promise<HttpServer> {
  const planes = ['inference', 'admin', 'observability'] as const;
  const authorize = createKeyAuthorizer([{ sha256: hashApiKey(key), planes }]);
  const handler = createHttpHandler({
    routes: routesOf(server),
    clock,
    logger: silentLogger,
    authorize,
  });
  return startHandler(handler);
}

/** A server whose every use case fails with the code. */
function refusing(code: ErrorCode): InferenceServer {
  const refuse = (): never => {
    throw new HeadwayError(code, 'no');
  };
  const wrap = (parts: object): object =>
    Object.fromEntries(
      Object.entries(parts).map(([name, part]: [string, unknown]) => {
        if (typeof part === 'function') return [name, refuse];
        const isGroup = typeof part === 'object' && part !== null && !Array.isArray(part);
        return [name, isGroup ? wrap(part) : part];
      }),
    );
  return wrap(createFakeServer()) as InferenceServer;
}

interface Sample {
  readonly server: InferenceServer;
  readonly init: { body?: string; headers: Record<string, string> };
}

const nothing = (): void => {};

/** Shared memory that has one region and takes any other. */
const sharing: InferenceServer['sharedMemory'] = {
  register: nothing,
  unregister: nothing,
  unregisterAll: nothing,
  status: () => [{ name: 'some', key: '/x', offsetBytes: 0, byteLength: 8 }],
  lease: () => assert.fail(),
  cuda: { register: nothing, unregister: nothing, unregisterAll: nothing, status: () => [] },
};

const codes = Object.keys(statusByCode) as ErrorCode[];

/** A call that has to be answered with the status. */
function sampleOf(operation: Operation, method: string, status: number): Sample {
  const body = operation.example === undefined ? '' : JSON.stringify(operation.example);
  const init = {
    headers: { authorization: `Bearer ${key}` } as Record<string, string>,
    ...(method === 'GET' ? {} : { body }),
  };
  const fake = createFakeServer({ sharedMemory: sharing });
  const isBare = operation.bareRefusals?.[status] !== undefined;
  if (status === 200) return { server: fake, init };
  if (status === 401) return { server: fake, init: { ...init, headers: {} } };
  if (status === 403) {
    return { server: fake, init: { ...init, headers: { ...init.headers, origin: 'http://a.b' } } };
  }
  if (isBare) {
    const no = (): boolean => false;
    return { server: { ...fake, isLive: no, isReady: no, isModelReady: no }, init };
  }
  if (status === 400 && operation.request !== undefined) {
    return { server: fake, init: { ...init, body: '[' } };
  }
  const code = codes.find((candidate) => statusByCode[candidate] === status);
  assert.ok(code !== undefined, `no error has the status ${status}`);
  return { server: refusing(code === 'cancelled' ? 'invalid_argument' : code), init };
}

function fillPath(path: string): string {
  return path
    .replace('{model}', 'echo')
    .replace('{version}', '1')
    .replace(/\{\w+\}/, 'some');
}

function statusesOf(operation: Operation, plane: (typeof routes)[number]['plane']): number[] {
  const refusals = { ...refusalsOf(plane, operation, true), ...operation.bareRefusals };
  const statuses = Object.keys(refusals).map(Number);
  return operation.answer === undefined ? statuses : [200, ...statuses];
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, 'document');

/** Checks a value against a schema of the document. */
function assertFits(value: unknown, ...path: readonly string[]): void {
  const pointer = path.map((part) =>
    encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  const validate = ajv.compile({ $ref: `document#/${pointer.join('/')}` });
  assert.ok(validate(value), `${path.join(' ')}: ${JSON.stringify(validate.errors)}`);
}

test('the document is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
});

test('the document holds the routes that are served, each under a name of its own', () => {
  const paths = document['paths'] as Readonly<Record<string, object>>;
  const told = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((name) => name !== 'parameters')
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = routes.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(told.toSorted(), served.toSorted());
  const ids = described.map(({ operation }) => operation.id);
  assert.equal(new Set(ids).size, ids.length);
});

test('describeRoutes() refuses a route of which nothing is said', () => {
  const route = { method: 'GET', path: '/v2/new', plane: 'inference' } as const;
  assert.throws(() => describeRoutes([route]), TypeError);
});

test('every status that is documented is given, with the body that is documented', async () => {
  for (const { route, operation } of described) {
    const { method, path, plane } = route;
    for (const status of statusesOf(operation, plane)) {
      const { server, init } = sampleOf(operation, method, status);
      await using http = await serve(server);
      const answer = await fetch(http.url + fillPath(path), { method, ...init });
      const text = await answer.text();
      assert.equal(answer.status, status, `${method} ${path}: ${text}`);
      const hasBody = status === 200 ? operation.answer?.json !== undefined : text !== '';
      assert.equal(
        operation.bareRefusals?.[status] !== undefined || operation.answer === undefined,
        status !== 200 && (text === '' || operation.answer === undefined),
      );
      if (!hasBody) continue;
      const content = ['responses', String(status), 'content', 'application/json', 'schema'];
      assertFits(JSON.parse(text), 'paths', path, method.toLowerCase(), ...content);
    }
  }
});

test('examples fit what they are examples of', () => {
  for (const { route, operation } of described) {
    if (operation.example === undefined) continue;
    const { path, method } = route;
    const body = ['requestBody', 'content', 'application/json', 'schema'];
    assertFits(operation.example, 'paths', path, method.toLowerCase(), ...body);
  }
});

test('the page shows every operation, asks for nothing else and runs nothing', async () => {
  await using http = await serve();
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${http.url}/v2/docs`, { headers });
  const html = await answer.text();
  for (const { route } of described) {
    const isFolded = route.path.includes('/{version}');
    assert.equal(html.includes(`<code>${route.path}</code>`), !isFolded, route.path);
  }
  assert.doesNotMatch(html, /<script|<link|<img|src=|url\(|\son\w+=|style="/);
  assert.ok(html.includes(`'${http.url}/v2/models/MODEL/infer'`));
  const style = /<style>([^]*)<\/style>/.exec(html)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.ok(policy.includes(`default-src 'none'; style-src 'sha256-${hash}'`), policy);
});

test('the page and the document need a key where others do', async () => {
  await using http = await serve();
  for (const path of ['/v2/docs', '/v2/openapi.json']) {
    assert.equal((await fetch(http.url + path)).status, 401);
  }
});

test('nothing is described that no route serves', () => {
  const served = new Set(
    routes.map(({ method, path }) => `${method} ${path.replace('/versions/{version}', '')}`),
  );
  assert.deepEqual(
    Object.keys(operations).filter((name) => !served.has(name)),
    [],
  );
});
