import { readFileSync } from 'node:fs';

/** What the package says of itself in its package.json. */
export interface PackageFacts {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** Reads this package's own package.json. */
export function readPackage(): PackageFacts {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return JSON.parse(text) as PackageFacts;
}

/** The version of this package. */
export function readHeadwayVersion(): string {
  return readPackage().version;
}
