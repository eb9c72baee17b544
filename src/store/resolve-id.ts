import type { DatabaseSync } from 'node:sqlite';
import { HeadwayError, invalidArgument } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';

const shownIds = 5;

/**
 * The id of the record that is meant by an id, by the start of one, or by `latest`.
 * @throws HeadwayError `not_found`, or `invalid_argument` when several begin so.
 */
export function resolveRecordId(database: DatabaseSync, given: string): string {
  const ids = database
    .prepare('SELECT id FROM record ORDER BY begun_at_ms DESC, rowid DESC')
    .all()
    .map(({ id }) => String(id));
  const [latest] = ids;
  if (latest === undefined) {
    throw new HeadwayError('not_found', `There is no record '${given}': there is none at all yet.`);
  }
  if (given === 'latest') return latest;
  const wanted = given.toLowerCase();
  const found = wanted === '' ? [] : ids.filter((id) => id.startsWith(wanted));
  const [first, second] = found;
  if (first === undefined) throw noRecord(given, ids);
  if (second === undefined) return first;
  const more = found.length > shownIds ? ` and ${found.length - shownIds} more` : '';
  throw invalidArgument(
    `Several records begin with '${given}': ${found.slice(0, shownIds).join(', ')}${more}; give more of the id.`,
  );
}

function noRecord(given: string, ids: readonly string[]): HeadwayError {
  const starts = ids.map((id) => id.slice(0, given.length));
  const hint =
    didYouMean(given, [...starts, 'latest']) || '; `headway evidence list` shows all there are.';
  return new HeadwayError('not_found', `There is no record '${given}'${hint}`);
}
