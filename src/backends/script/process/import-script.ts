import { pathToFileURL } from 'node:url';
import { invalidArgument } from '../../../core/error.ts';
import type { Script } from '../../../script/script.ts';

const functions = { initialise: false, execute: true, finalise: false } as const;

/**
 * Imports a script and checks what it exports.
 * @throws HeadwayError `invalid_argument` for a module that is no script, or what importing throws.
 */
export async function importScript(file: string): Promise<Script> {
  const exported = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  for (const [name, isNeeded] of Object.entries(functions)) {
    const value = exported[name];
    if (typeof value === 'function' || (value === undefined && !isNeeded)) continue;
    throw invalidArgument(
      value === undefined
        ? `it exports no function '${name}'; write: export const ${name}: Execute = (requests) => …`
        : `its export '${name}' is no function`,
    );
  }
  return exported as unknown as Script;
}
