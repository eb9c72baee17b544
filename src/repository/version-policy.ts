import type { VersionPolicy } from '../config/model-config.ts';

/** The versions a policy serves out of those there are, ascending. */
export function selectVersions(
  policy: VersionPolicy,
  available: Iterable<number>,
): readonly number[] {
  const ascending = [...available].toSorted((a, b) => a - b);
  switch (policy.kind) {
    case 'all':
      return ascending;
    case 'latest':
      return ascending.slice(-policy.count);
    case 'specific':
      return ascending.filter((version) => policy.versions.includes(version));
  }
}
