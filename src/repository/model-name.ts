import { invalidArgument } from '../core/error.ts';

/**
 * Whether a text may name a model: 1 to 255 letters, digits and `_ . - + @ ~`, starting with a
 * letter, a digit or `_`. It is a folder's name and a part of URLs, so nothing else is allowed.
 */
export function isModelName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+@~-]{0,254}$/.test(text);
}

/**
 * Refuses a name no model can be loaded by.
 * @throws HeadwayError `invalid_argument`, in the words that Triton's clients match on.
 */
export function assertModelName(text: string): void {
  if (isModelName(text)) return;
  const trimmed = text.trim();
  if (trimmed === '') {
    throw invalidArgument('Model name cannot be empty. Please enter a valid name to deploy.');
  }
  const shown = text.slice(0, 100);
  if (trimmed === '..' || trimmed.includes('/')) {
    throw invalidArgument(
      `invalid model name '${shown}', model name must not contain path traversal characters`,
    );
  }
  throw invalidArgument(
    `failed to load '${shown}', failed to poll from model repository: a model's name is 1 to 255 letters, digits and _ . - + @ ~, and starts with a letter, a digit or _`,
  );
}

/** The number of a version folder; `undefined` for a name that is none or starts with 0. */
export function parseVersionFolder(name: string): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(name)) return undefined;
  const version = Number(name);
  return Number.isSafeInteger(version) ? version : undefined;
}
