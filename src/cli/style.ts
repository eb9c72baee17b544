import type { CliContext, OutputStream } from './context.ts';

/** Colours of a terminal; each leaves the text as it is where colours are not wanted. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly red: (text: string) => string;
}

/** The codes that switch an attribute on and off. Source: ECMA-48, select graphic rendition. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
} as const satisfies Record<keyof Style, readonly [number, number]>;

/** Colours for a stream: none unless it is a terminal, nor under `NO_COLOR` or `TERM=dumb`. */
export function createStyle(stream: OutputStream, env: CliContext['env']): Style {
  const isColoured = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const wrap = (name: keyof Style) => {
    const [on, off] = codes[name];
    return (text: string): string => (isColoured ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  };
  return {
    bold: wrap('bold'),
    dim: wrap('dim'),
    green: wrap('green'),
    yellow: wrap('yellow'),
    red: wrap('red'),
  };
}
