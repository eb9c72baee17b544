import { existsSync, readFileSync } from 'node:fs';

/** What the package says of itself in its package.json. */
export interface PackageFacts {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** Reads this package's own package.json. */
export function readPackage(): PackageFacts {
  // How many folders up depends on whether this runs from source or from the built files.
  let file = new URL('package.json', import.meta.url);
  while (!existsSync(file)) file = new URL('../package.json', file);
  return JSON.parse(readFileSync(file, 'utf8')) as PackageFacts;
}

/** The version of this package. */
export function readHeadwayVersion(): string {
  return readPackage().version;
}
