import { millisecondsText, shareText } from '../summary/format-number.ts';
import type { TextTable } from '../summary/summary-rows.ts';
import type { Comparison, Difference } from './compare-runs.ts';

/** The names of the two servers in a comparison. */
export type ServerNames = readonly [first: string, second: string];

/** The differences, each with its interval and which server it speaks for. */
export function comparisonTable(comparison: Comparison, names: ServerNames): TextTable {
  const { quantiles, misses, confidence } = comparison;
  const late = misses.limitMs === undefined ? '' : ` or late (> ${misses.limitMs} ms)`;
  const percent = Number((confidence * 100).toFixed(2));
  return {
    head: ['', ...names, 'difference', `${percent}% interval`, 'which is lower'],
    rows: [
      ...quantiles.map((each) => [
        `p${Number((each.quantile * 100).toFixed(2))} ms`,
        ...differenceCells(each, names, millisecondsText),
      ]),
      [`went wrong${late}`, ...differenceCells(misses, names, shareText)],
    ],
  };
}

function differenceCells(
  { first, second, difference, low, high }: Difference,
  names: ServerNames,
  text: (value: number) => string,
): string[] {
  const signed = (value: number): string => (value > 0 ? `+${text(value)}` : text(value));
  const interval =
    low === undefined || high === undefined ? 'unknown' : `${signed(low)} to ${signed(high)}`;
  return [text(first), text(second), signed(difference), interval, lowerName({ low, high }, names)];
}

/** A difference counts where its interval leaves zero out. */
function lowerName(
  { low = -Infinity, high = Infinity }: { low?: number | undefined; high?: number | undefined },
  [first, second]: ServerNames,
): string {
  if (low > 0) return first;
  return high < 0 ? second : 'not shown';
}

/** What two servers are called: their addresses, unless those are equal. */
export function serverNames(first: string, second: string): ServerNames {
  return first === second ? ['first', 'second'] : [first, second];
}
