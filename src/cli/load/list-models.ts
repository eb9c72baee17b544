import { type ServerAccess, openOipClient } from '../oip-client.ts';

/** A list is only of help where it is short. */
const maxNames = 20;

/** The models that a server of the Open Inference Protocol tells of; none where it does not. */
export async function listModels(access: ServerAccess): Promise<readonly string[]> {
  using client = openOipClient(access);
  const signal = AbortSignal.timeout(2_000);
  const entries = await client.repositoryIndex({ signal }).catch(() => []);
  return [...new Set(entries.map(({ name }) => name))].slice(0, maxNames);
}
