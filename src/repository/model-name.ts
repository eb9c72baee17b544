/**
 * Whether a text may name a model: 1 to 255 letters, digits and `_ . - + @ ~`, starting with a
 * letter, a digit or `_`. It is a folder's name and a part of URLs, so nothing else is allowed.
 */
export function isModelName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+@~-]{0,254}$/.test(text);
}

/** The number of a version folder; `undefined` for a name that is none or starts with 0. */
export function parseVersionFolder(name: string): number | undefined {
  if (!/^[1-9]\d{0,15}$/.test(name)) return undefined;
  const version = Number(name);
  return Number.isSafeInteger(version) ? version : undefined;
}
