import { registerHooks } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invalidArgument } from '../../../core/error.ts';
import type { Script } from '../../../script/script.ts';
import type { ScriptSource } from '../messages.ts';

const functions = { initialise: false, execute: true, finalise: false } as const;

/**
 * Imports a script by its text, whatever its file holds by now, and checks what it exports.
 * @throws HeadwayError `invalid_argument` for a module that is no script, or what importing throws.
 */
export async function importScript(source: ScriptSource): Promise<Script> {
  const url = provideText(source);
  const exported = (await import(url)) as Readonly<Record<string, unknown>>;
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

/** Has the file's address lead to the text. Returns that address. */
function provideText({ file, text: source }: ScriptSource): string {
  const scriptUrl = pathToFileURL(file).href;
  const format = extname(file).endsWith('ts') ? 'module-typescript' : 'module';
  registerHooks({
    load: (url, context, next) =>
      url === scriptUrl ? { format, source, shortCircuit: true } : next(url, context),
  });
  return scriptUrl;
}
