import type { Route } from '../../http/route.ts';
import type {
  AnswerDescription,
  BodyDescription,
  HeaderDescription,
  Operation,
} from './operation.ts';
import { operations } from './operations.ts';
import { ref, schemas } from './schemas.ts';

/** An OpenAPI document: plain JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

/** What the document is made of beside the routes. */
export interface DocumentOptions {
  readonly version: string;
  /** Whether requests need a key, health aside. */
  readonly needsKey: boolean;
}

/** A route with what is said of it. */
export interface DescribedRoute {
  readonly route: Pick<Route, 'method' | 'path' | 'plane'>;
  readonly operation: Operation;
}

/**
 * Finds what is said of each route.
 * @throws TypeError for a route that is not described.
 */
export function describeRoutes(
  routes: readonly DescribedRoute['route'][],
): readonly DescribedRoute[] {
  return routes.map((route) => {
    const isVersioned = route.path.includes(versionPart);
    const operation = operations[`${route.method} ${route.path.replace(versionPart, '')}`];
    if (operation === undefined) {
      throw new TypeError(
        `Nothing is said of ${route.method} ${route.path}; add it to operations.`,
      );
    }
    if (!isVersioned) return { route, operation };
    return { route, operation: { ...operation, id: `${operation.id}OfVersion` } };
  });
}

const versionPart = '/versions/{version}';

/** The OpenAPI 3.1 document of the routes that are served. */
export function createOpenApiDocument(
  routes: readonly DescribedRoute['route'][],
  { version, needsKey }: DocumentOptions,
): OpenApiDocument {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const described of describeRoutes(routes)) {
    const { method, path } = described.route;
    paths[path] ??= { parameters: pathParameters(path) };
    paths[path][method.toLowerCase()] = describeOperation(described, needsKey);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Headway',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'The Open Inference Protocol v2 over HTTP, with extensions of Triton Inference Server. GET is answered to HEAD too.',
    },
    servers: [{ url: '/' }],
    ...(needsKey ? { security: [{ key: [] }] } : {}),
    paths,
    components: {
      schemas,
      ...(needsKey ? { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  };
}

function pathParameters(path: string): readonly object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'version' ? { type: 'string', pattern: '^[0-9]+$' } : { type: 'string' },
  }));
}

function describeOperation({ route, operation }: DescribedRoute, needsKey: boolean): object {
  const { tag, id, summary, headers = [], request } = operation;
  const isFree = route.plane === 'health';
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(headers.length === 0 ? {} : { parameters: headers.map(describeHeaderParameter) }),
    ...(request === undefined
      ? {}
      : { requestBody: { required: request.isRequired, content: contentOf(request) } }),
    responses: {
      ...(operation.answer === undefined ? {} : { 200: describeAnswer(operation.answer) }),
      ...describeRefusals(refusalsOf(route.plane, operation, needsKey)),
      ...Object.fromEntries(
        Object.entries(operation.bareRefusals ?? {}).map(([status, description]) => [
          status,
          { description },
        ]),
      ),
    },
    ...(needsKey && isFree ? { security: [] } : {}),
  };
}

/** The refusals of an operation and those of the gate before it. */
export function refusalsOf(
  plane: Route['plane'],
  { refusals }: Operation,
  needsKey: boolean,
): Readonly<Record<number, string>> {
  return {
    ...refusals,
    ...(needsKey && plane !== 'health'
      ? { 401: 'no key was given, or one that is not known' }
      : {}),
    ...(plane === 'admin' ? { 403: 'a page of another site may not do this' } : {}),
  };
}

function describeRefusals(refusals: Readonly<Record<number, string>>): object {
  const content = { 'application/json': { schema: ref('Error') } };
  return Object.fromEntries(
    Object.entries(refusals).map(([status, description]) => [status, { description, content }]),
  );
}

function describeHeaderParameter({ name, description, schema }: HeaderDescription): object {
  return { name, in: 'header', description, schema };
}

function describeAnswer({ description, headers = [], ...body }: AnswerDescription): object {
  const content = contentOf(body);
  return {
    description,
    ...(headers.length === 0
      ? {}
      : {
          headers: Object.fromEntries(
            headers.map((header) => [
              header.name,
              { description: header.description, schema: header.schema },
            ]),
          ),
        }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function contentOf({ json, binary, html }: BodyDescription): Readonly<Record<string, object>> {
  return {
    ...(json === undefined ? {} : { 'application/json': { schema: json } }),
    ...(binary === undefined
      ? {}
      : { 'application/octet-stream': { schema: { description: binary } } }),
    ...(html === true ? { 'text/html': { schema: { type: 'string' } } } : {}),
  };
}
