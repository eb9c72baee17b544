import { InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../../config/quantity.ts';

/** Reads an option's number above 0. @throws InvalidArgumentError for anything else. */
export function parsePositive(text: string): number {
  const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/**
 * Makes an option that takes a duration and gives milliseconds.
 * @param fallback what holds when it is left out.
 */
export function durationOption(
  flags: string,
  description: string,
  { fallback, minMs }: { readonly fallback: string; readonly minMs: number },
): Option {
  const parse = parseDuration(minMs);
  return new Option(flags, description).argParser(parse).default(parse(fallback), fallback);
}

function parseDuration(minMs: number): (text: string) => number {
  return (text) => {
    // A number without a unit is seconds to some people and milliseconds to others.
    const value = /[a-z]$/.test(text) || text === '0' ? parseDurationMs(text) : undefined;
    if (value !== undefined && value >= minMs && value <= maxDurationMs) return value;
    const floor = minMs === 0 ? '' : ` from ${minMs}ms`;
    throw new InvalidArgumentError(
      `It must be a duration with its unit${floor}, such as 30s or 5m.`,
    );
  };
}

const maxDurationMs = 7 * 24 * 3_600_000;

/** Reads an option's share between 0 and 1. @throws InvalidArgumentError for anything else. */
export function parseShare(text: string): number {
  const value = /^0?\.\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('It must be a number between 0 and 1, such as 0.95.');
}
