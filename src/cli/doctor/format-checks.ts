import type { Style } from '../style.ts';
import { plainText } from '../text-table.ts';
import type { Check } from './check.ts';

/** Checks as lines for people: one each, what would mend it under it, and the sum. */
export function formatChecks(checks: readonly Check[], style: Style): string[] {
  const marks: Readonly<Record<Check['status'], string>> = {
    ok: style.green('ok  '),
    warn: style.yellow('warn'),
    fail: style.red('fail'),
  };
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, status, detail, mend }) => [
    `${marks[status]}  ${name.padEnd(width)}  ${plainText(detail)}`,
    ...(mend === null ? [] : [`${' '.repeat(width + 8)}${style.dim(plainText(mend))}`]),
  ]);
  const count = (wanted: Check['status']): number =>
    checks.filter(({ status }) => status === wanted).length;
  return [...lines, '', `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`];
}
