import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the package says of itself in its package.json. */
export interface PackageFacts {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** Reads this package's own package.json. */
export function readPackage(): PackageFacts {
  return JSON.parse(readFileSync(manifestUrl(), 'utf8')) as PackageFacts;
}

/** The path of a file of this package that is run by itself, named as below `src/`. */
export function packageFile(name: string): string {
  const isSource = import.meta.filename.endsWith('.ts');
  const place = isSource ? `src/${name}.ts` : `dist/${name}.js`;
  return fileURLToPath(new URL(place, manifestUrl()));
}

function manifestUrl(): URL {
  // How many folders up depends on whether this runs from source or from the built files.
  let file = new URL('package.json', import.meta.url);
  while (!existsSync(file)) file = new URL('../package.json', file);
  return file;
}

/** The version of this package. */
export function readHeadwayVersion(): string {
  return readPackage().version;
}
