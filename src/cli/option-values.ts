import { InvalidArgumentError } from 'commander';
import { HeadwayError } from '../core/error.ts';
import { UsageError } from './usage-error.ts';

/**
 * Reads what a command was given: what `read` refuses with a HeadwayError is wrong usage.
 * @throws UsageError for it.
 */
export function readUsage<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof HeadwayError ? new UsageError(thrown.message) : thrown;
  }
}

/** Gathers an option that may be given several times. */
export function collectValues(
  value: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  return [...(previous ?? []), value];
}

/** Reads an option's whole number from `min` up. @throws InvalidArgumentError for anything else. */
export function parseCount(min: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min}.`);
  };
}

/**
 * Reads `name=size` options into sizes by name; the name may hold anything but must not be empty.
 * @throws InvalidArgumentError for anything else.
 */
export function parseDimension(
  text: string,
  previous: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const [, name, size] = /^(.+)=(\d{1,9})$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError('It must be NAME=SIZE, such as height=640.');
  }
  return new Map([...(previous ?? []), [name, Number(size)]]);
}
