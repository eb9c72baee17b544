import type { Route } from './route.ts';

/** Where a request goes. */
export type RouteMatch =
  | { readonly kind: 'route'; readonly route: Route; readonly params: readonly string[] }
  | { readonly kind: 'wrong_method'; readonly allow: string }
  | { readonly kind: 'bad_path' }
  | { readonly kind: 'unknown' };

/** Finds the route of a method and a request target. */
export type Router = (method: string, target: string) => RouteMatch;

/** A literal, or `undefined` for a placeholder. */
interface Segment {
  readonly literal: string | undefined;
  readonly digitsOnly: boolean;
}

interface CompiledRoute {
  readonly route: Route;
  readonly segments: readonly Segment[];
}

const noParams: readonly string[] = Object.freeze([]);

/**
 * Compiles routes into a lookup by the number of segments. The path is the target up to `?`; it is
 * percent-decoded once, segment by segment, so an encoded slash never makes a segment. A target
 * that is not a path (absolute URIs included) is never a route. HEAD is served by GET.
 * @throws TypeError when two routes have the same method and path.
 */
export function createRouter(routes: readonly Route[]): Router {
  const byCount = compileRoutes(routes);
  return (method, target) => {
    if (!target.startsWith('/')) return { kind: 'bad_path' };
    const segments = splitPath(target);
    if (segments === undefined) return { kind: 'bad_path' };
    const candidates = byCount.get(segments.length);
    if (candidates === undefined) return { kind: 'unknown' };
    return pickRoute(candidates, segments, method === 'HEAD' ? 'GET' : method);
  };
}

function pickRoute(
  candidates: readonly CompiledRoute[],
  segments: readonly string[],
  method: string,
): RouteMatch {
  let other: CompiledRoute | undefined;
  for (const candidate of candidates) {
    if (!fits(candidate.segments, segments)) continue;
    // A more general path must not answer for the method a literal one lacks.
    if (other !== undefined && other.route.path !== candidate.route.path) break;
    if (candidate.route.method === method) {
      const params = takeParams(candidate.segments, segments);
      return { kind: 'route', route: candidate.route, params };
    }
    other = candidate;
  }
  if (other === undefined) return { kind: 'unknown' };
  const path = other.route.path;
  const methods = candidates.filter((it) => it.route.path === path).map((it) => it.route.method);
  const allow = methods.includes('GET') ? ['HEAD', ...methods] : methods;
  return { kind: 'wrong_method', allow: allow.toSorted().join(', ') };
}

function compileRoutes(routes: readonly Route[]): ReadonlyMap<number, readonly CompiledRoute[]> {
  const seen = new Set<string>();
  const compiled = routes.map((route) => {
    const key = `${route.method} ${route.path}`;
    if (seen.has(key)) throw new TypeError(`Two routes answer ${key}.`);
    seen.add(key);
    return { route, segments: route.path.split('/').slice(1).map(compileSegment) };
  });
  const literalCount = (it: CompiledRoute): number =>
    it.segments.filter((segment) => segment.literal !== undefined).length;
  // Sorting is stable, so methods of one path stay together.
  const sorted = compiled.toSorted(
    (a, b) => literalCount(b) - literalCount(a) || (a.route.path < b.route.path ? -1 : 1),
  );
  return Map.groupBy(sorted, (it) => it.segments.length);
}

function compileSegment(text: string): Segment {
  const isPlaceholder = text.startsWith('{') && text.endsWith('}');
  return { literal: isPlaceholder ? undefined : text, digitsOnly: text === '{version}' };
}

/** Decoded segments; one trailing slash after a single segment (`/v2/`) is ignored, as Triton does. */
function splitPath(target: string): readonly string[] | undefined {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  const segments = path.split('/');
  segments.shift();
  if (segments.length === 2 && segments[1] === '') segments.pop();
  if (!path.includes('%')) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function fits(pattern: readonly Segment[], segments: readonly string[]): boolean {
  for (let index = 0; index < pattern.length; index += 1) {
    const { literal, digitsOnly } = pattern[index] as Segment;
    const text = segments[index] as string;
    if (literal !== undefined ? literal !== text : text === '') return false;
    if (digitsOnly && !/^[0-9]+$/.test(text)) return false;
  }
  return true;
}

function takeParams(pattern: readonly Segment[], segments: readonly string[]): readonly string[] {
  let params: string[] | undefined;
  for (let index = 0; index < pattern.length; index += 1) {
    if (pattern[index]?.literal === undefined) (params ??= []).push(segments[index] as string);
  }
  return params ?? noParams;
}
