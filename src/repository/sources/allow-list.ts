import { HeadwayError } from '../../core/error.ts';
import { type SourceReference, formatSourceReference } from './reference.ts';

const endsAtMark = /[:/@=]$/;
const startsAtMark = /^[/@=]/;

/**
 * Whether a reference begins with one of the allowed prefixes of canonical references: `npm:`,
 * `hf:acme/`, `https://models.example.com/`. A prefix ends at a mark (`:`, `/`, `@`, `=`) of the
 * reference or is all of it, so that `https://example.com` does not let `https://example.com.evil.org` in.
 */
export function isSourceAllowed(reference: SourceReference, prefixes: readonly string[]): boolean {
  const text = formatSourceReference({ ...reference, sha256: undefined });
  return prefixes.some(
    (prefix) =>
      text === prefix ||
      (text.startsWith(prefix) &&
        (endsAtMark.test(prefix) || startsAtMark.test(text.slice(prefix.length)))),
  );
}

/**
 * Refuses a reference that the operator has not allowed; for references that come from a model's
 * folder rather than from the operator's own hand.
 * @throws HeadwayError `permission_denied`.
 */
export function assertSourceAllowed(reference: SourceReference, prefixes: readonly string[]): void {
  if (isSourceAllowed(reference, prefixes)) return;
  const text = formatSourceReference(reference);
  const allowed = prefixes.length === 0 ? 'none' : prefixes.join(', ');
  throw new HeadwayError(
    'permission_denied',
    `The model source '${text}' is not allowed here (allowed: ${allowed}). Allow a prefix of it, such as '${text.slice(0, text.indexOf(':') + 1)}', or pull it by hand with 'headway pull'.`,
  );
}
