import process from 'node:process';
import { readMachine } from '../../native/machine/read-machine.ts';
import type { EvidencePlace, EvidenceStart, EvidenceWriter } from '../../store/evidence.ts';
import type { CliContext } from '../context.ts';
import { readHeadwayVersion } from '../version.ts';
import { hidePassword } from './format-command.ts';
import { openStore } from './open-store.ts';

/**
 * Begins a record of evidence, in the store under `home`. Call it before the first request, since
 * the load of the machine before the run is part of it. Disposing the writer closes the store; a
 * record that has not ended by then is marked partial.
 * @param start of which `home` is Headway's own folder; `~/.headway` when `undefined`.
 * @throws HeadwayError that names the file, when it cannot be used or its disk is full.
 */
export function beginEvidence(
  context: Pick<CliContext, 'clock' | 'env' | 'cwd'>,
  { home, ...start }: EvidenceStart & { readonly home?: string | undefined },
): EvidenceWriter {
  using owned = new DisposableStack();
  const store = owned.use(openStore(context, home));
  const url = hidePassword(start.url);
  const writer = owned.use(store.begin({ ...start, url }, readPlace()));
  const resources = owned.move();
  return { ...writer, [Symbol.dispose]: () => resources.dispose() };
}

/** Libraries of Node that what is measured goes through. */
const libraries = ['node', 'v8', 'uv', 'llhttp', 'nghttp2', 'openssl', 'undici', 'sqlite'] as const;

function readPlace(): EvidencePlace {
  const versions = libraries.map((name) => [name, process.versions[name] ?? null] as const);
  return {
    machine: { ...readMachine() },
    versions: { headway: readHeadwayVersion(), ...Object.fromEntries(versions) },
  };
}
