import { invalidArgument } from '../../core/error.ts';

const maxLevels = 100;

/**
 * Reads the loads of a sweep: a list `1,2,5`, a range in equal steps `100:800:100`, or a range that
 * doubles `1:64`, whose end is one of the loads.
 * @param isWhole whether loads are counts, such as concurrencies, and not rates.
 * @returns the loads, ascending and each once.
 * @throws HeadwayError `invalid_argument` for anything else.
 */
export function parseLoadLevels(text: string, isWhole: boolean): readonly number[] {
  const parts = text.split(':');
  const levels = parts.length === 1 ? parseList(text) : parseRange(parts);
  const areGood = levels.every((level) => level > 0 && (!isWhole || Number.isInteger(level)));
  if (levels.length === 0 || !areGood) {
    const kind = isWhole ? 'whole numbers from 1' : 'numbers above 0';
    throw invalidArgument(
      `'${text}' is no list of loads: write ${kind} as 1,2,5, as 100:800:100 (from, to, step) or as 1:64 (doubling)`,
    );
  }
  if (levels.length > maxLevels) {
    throw invalidArgument(`'${text}' is ${levels.length} loads: at most ${maxLevels} are possible`);
  }
  return [...new Set(levels)].toSorted((a, b) => a - b);
}

function parseList(text: string): number[] {
  return text.split(',').map(parseNumber);
}

function parseRange(parts: readonly string[]): number[] {
  const [from = Number.NaN, to = Number.NaN, step] = parts.map(parseNumber);
  if (parts.length > 3 || !(from > 0) || !(to >= from) || (step !== undefined && !(step > 0))) {
    return [];
  }
  const levels: number[] = [];
  if (step !== undefined) {
    const count = Math.floor((to - from) / step + 1e-9) + 1;
    for (let index = 0; index < Math.min(count, maxLevels + 1); index += 1) {
      levels.push(from + index * step);
    }
    return levels;
  }
  for (let level = from; level < to && levels.length <= maxLevels; level *= 2) levels.push(level);
  return [...levels, to];
}

function parseNumber(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}
