/** What was looked at, how it is, and what would mend it. */
export interface Check {
  readonly name: string;
  /** `warn`: works, but not as well as it could. `fail`: something will not work. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it; `null` when nothing needs to be done. */
  readonly mend: string | null;
}

/** Reads a small file of the system; `undefined` when there is none. */
export type ReadText = (path: string) => string | undefined;

/** Something that is as it should be. */
export function ok(name: string, detail: string): Check {
  return { name, status: 'ok', detail, mend: null };
}
