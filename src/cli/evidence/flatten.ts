/** A value by its dotted path, such as `arrival.rate`. */
export type FlatValues = ReadonlyMap<string, string>;

/**
 * Every value inside a JSON document by its path, as text. Lists of plain values are one value.
 * @param path what stands before every path.
 */
export function flatten(value: unknown, path = ''): FlatValues {
  if (value === undefined) return new Map();
  if (!isBranch(value)) return new Map([[path || 'value', textOf(value)]]);
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [
      ...flatten(inner, path === '' ? name : `${path}.${name}`),
    ]),
  );
}

function isBranch(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null);
  return Object.keys(value).length > 0;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(' ');
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

/** A value that two documents do not share; `null` where one has none. */
export interface Difference {
  readonly path: string;
  readonly a: string | null;
  readonly b: string | null;
}

/** What differs between two JSON documents, in the order of the first. */
export function differences(a: unknown, b: unknown): Difference[] {
  const [left, right] = [flatten(a), flatten(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((path) => ({ path, a: left.get(path) ?? null, b: right.get(path) ?? null }))
    .filter((one) => one.a !== one.b)
    .map(withoutShared);
}

const longListWords = 8;

/** Of two long lists, only what one has and the other has not. */
function withoutShared(one: Difference): Difference {
  const [a, b] = [one.a?.split(' ') ?? [], one.b?.split(' ') ?? []];
  if (Math.min(a.length, b.length) < longListWords) return one;
  const only = (words: readonly string[], others: readonly string[]): string => {
    const known = new Set(others);
    return words.filter((word) => !known.has(word)).join(' ') || '–';
  };
  return { path: one.path, a: only(a, b), b: only(b, a) };
}
