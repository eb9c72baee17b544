/** How a table is laid out. */
export interface TableOptions {
  /** Spaces before every line. */
  readonly indent?: number;
  /** Numbers of the columns whose cells stand to the right. */
  readonly rightColumns?: readonly number[];
}

/**
 * Lays rows out in columns, two spaces apart. Control characters in cells become `?`, since what a
 * model's file calls things must not command the terminal.
 * @returns one line a row, without spaces at its end.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  { indent = 2, rightColumns = [] }: TableOptions = {},
): string[] {
  const cells = rows.map((row) => row.map(plainText));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return cells.map((row) => {
    const padded = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return rightColumns.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${' '.repeat(indent)}${padded.join('  ')}`.trimEnd();
  });
}

/** Text from outside without control characters. */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}
