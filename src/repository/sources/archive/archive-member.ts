import { HeadwayError } from '../../../core/error.ts';

/** Which member of an archive is wanted, and where it goes. */
export interface MemberRequest {
  /** What the archive is called in messages. */
  readonly archiveName: string;
  /** The member's path inside the archive. */
  readonly member: string;
  readonly outputPath: string;
  /** The largest size of a member, and of all of them together. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onBytes: (doneBytes: number) => void;
}

export const maxMemberCount = 100_000;

/** How many bytes one compressed byte may become; weights stay far below, bombs do not. */
export const maxCompressionRatio = 200;

/** An archive that must not be unpacked, or cannot be. */
export function badArchive(archiveName: string, why: string, cause?: unknown): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `Refused to unpack ${archiveName}: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}

/**
 * The error for a member that is not there; it names those that look most like it.
 * @param names the members that are there.
 */
export function memberNotFound(
  { archiveName, member }: Pick<MemberRequest, 'archiveName' | 'member'>,
  names: readonly string[],
): HeadwayError {
  const extension = /\.[^./]+$/.exec(member)?.[0];
  const similar = names.filter((name) => extension !== undefined && name.endsWith(extension));
  const shown = (similar.length > 0 ? similar : names).slice(0, 8);
  const list = shown.length === 0 ? 'it has no files' : `it has, among others, ${shown.join(', ')}`;
  return new HeadwayError('not_found', `${archiveName} has no file '${member}': ${list}.`);
}
