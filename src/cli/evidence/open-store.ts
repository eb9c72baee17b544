import { readOwnIdentity, startOfProcess } from '../../native/process-identity.ts';
import { type EvidenceStore, openEvidenceStore } from '../../store/evidence-store.ts';
import type { CliContext } from '../context.ts';
import { evidencePath } from '../source-settings.ts';

/**
 * Opens the store of evidence under Headway's own folder, making it where there is none.
 * @param home that folder; `~/.headway` when `undefined`.
 * @throws HeadwayError that names the file, when it cannot be used.
 */
export function openStore(
  context: Pick<CliContext, 'clock' | 'env' | 'cwd'>,
  home: string | undefined,
): EvidenceStore {
  return openEvidenceStore(evidencePath(context, home), {
    clock: context.clock,
    processes: { own: readOwnIdentity(), startOf: startOfProcess },
  });
}
