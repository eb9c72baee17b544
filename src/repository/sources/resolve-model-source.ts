import { type AcquireOptions, type AcquiredModel, acquire } from './acquire.ts';
import { assertSourceAllowed } from './allow-list.ts';
import { parseSourceReference } from './reference.ts';
import type { ModelStore } from './model-store/model-store.ts';

export interface ResolveModelSourceOptions extends AcquireOptions {
  /** Prefixes of the references that models may name; see `isSourceAllowed`. */
  readonly allowedSources: readonly string[];
}

/**
 * Makes the file available that a model's config names as its `source`. The config may come from
 * anywhere, so that only what the operator allowed is fetched.
 * @returns the file, to be loaded where it lies.
 * @throws HeadwayError `invalid_argument` for a malformed reference, `permission_denied` for one
 * that is not allowed; otherwise as `acquire`.
 */
export async function resolveModelSource(
  source: string,
  store: ModelStore,
  { allowedSources, ...options }: ResolveModelSourceOptions,
): Promise<AcquiredModel> {
  const reference = parseSourceReference(source);
  assertSourceAllowed(reference, allowedSources);
  return acquire(reference, store, options);
}
