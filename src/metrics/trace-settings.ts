import { HeadwayError, invalidArgument } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';

/** What a trace holds: the times of the stages, the tensors. */
export const traceLevels = ['TIMESTAMPS', 'TENSORS'] as const;

export type TraceLevel = (typeof traceLevels)[number];

/** Which requests are traced, and what is kept of them. */
export interface TraceSettings {
  /** Empty when nothing is traced. */
  readonly levels: readonly TraceLevel[];
  /** One request in so many is traced. */
  readonly rate: number;
  /** Traces still to be taken; -1 without end. */
  readonly count: number;
  /** Traces to a file of their own; 0 for all in the one file. */
  readonly logFrequency: number;
}

/** Settings by their names in the protocol; `null` or no value takes a change back. */
export type TraceSettingTexts = ReadonlyMap<string, readonly string[] | null>;

/** New values; `null` takes an earlier change back. */
export type TraceSettingChanges = {
  readonly [Key in keyof TraceSettings]?: TraceSettings[Key] | null;
};

const settingNames = [
  'trace_level',
  'trace_rate',
  'trace_count',
  'log_frequency',
  'trace_file',
  'trace_mode',
] as const;

const maxInt32 = 2 ** 31 - 1;
const maxUint32 = 2 ** 32 - 1;

/**
 * Reads new settings with Triton's rules and error texts; unlike there, an unknown name is an error.
 * @throws HeadwayError `unimplemented` for what only a start can set, `invalid_argument` for an
 * unknown name or a value that does not fit.
 */
export function parseTraceSettings(texts: TraceSettingTexts): TraceSettingChanges {
  const changes: { -readonly [Key in keyof TraceSettings]?: TraceSettings[Key] | null } = {};
  for (const [name, values] of texts) {
    switch (assertKnown(name)) {
      case 'trace_level':
        changes.levels = isCleared(values) ? null : parseTraceLevels(values);
        break;
      case 'trace_rate':
        changes.rate = isCleared(values) ? null : readWhole(name, values, [0, maxUint32]);
        break;
      case 'trace_count':
        changes.count = isCleared(values) ? null : readCount(name, values);
        break;
      case 'log_frequency':
        changes.logFrequency = isCleared(values) ? null : readWhole(name, values, [0, maxUint32]);
        break;
      case 'trace_file':
        throw new HeadwayError(
          'unimplemented',
          'trace file location can not be updated through network protocol',
        );
      case 'trace_mode':
        throw new HeadwayError(
          'unimplemented',
          'trace mode can not be updated through network protocol',
        );
    }
  }
  return changes;
}

/**
 * Reads levels; `OFF` alone gives none.
 * @throws HeadwayError `invalid_argument` for an unknown level, or `OFF` beside others.
 */
export function parseTraceLevels(texts: readonly string[]): readonly TraceLevel[] {
  if (texts.includes('OFF')) {
    if (texts.length === 1) return [];
    throw invalidArgument("Expect only one trace level 'OFF' is specified");
  }
  const unknown = texts.find((text) => !traceLevels.includes(text as TraceLevel));
  if (unknown !== undefined) {
    throw invalidArgument(
      `unknown trace level '${unknown.slice(0, 100)}', expected OFF, TIMESTAMPS or TENSORS`,
    );
  }
  return traceLevels.filter((level) => texts.includes(level));
}

/** The levels as the protocol writes them. */
export function formatTraceLevels(levels: readonly TraceLevel[]): readonly string[] {
  return levels.length === 0 ? ['OFF'] : levels;
}

function assertKnown(name: string): (typeof settingNames)[number] {
  const known = settingNames.find((setting) => setting === name);
  if (known !== undefined) return known;
  const text = name.slice(0, 100);
  throw invalidArgument(`unknown trace setting '${text}'${didYouMean(name, settingNames) || '.'}`);
}

function isCleared(values: readonly string[] | null): values is null {
  return values === null || values.length === 0;
}

function readCount(name: string, values: readonly string[]): number {
  const count = readWhole(name, values, [-maxInt32 - 1, maxInt32], [-1, maxInt32]);
  if (count >= -1) return count;
  throw invalidArgument(`Unable to parse '${name}'. Expecting value >= -1, got:${count}`);
}

type Range = readonly [least: number, most: number];

function readWhole(name: string, values: readonly string[], range: Range, shown = range): number {
  const [text = ''] = values;
  if (values.length !== 1) throw invalidArgument(`expect only 1 value for '${name}'`);
  const got = text.slice(0, 100);
  if (!/^[+-]?\d+$/.test(text)) {
    throw invalidArgument(`Unable to parse '${name}', got: ${got}`);
  }
  const value = Number(text);
  if (value >= range[0] && value <= range[1]) return value;
  throw invalidArgument(
    `Unable to parse '${name}', value is out of range [ ${shown.join(', ')} ], got: ${got}`,
  );
}
