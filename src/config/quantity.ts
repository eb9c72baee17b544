const durationUnitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

const sizeUnitsBytes = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const;

/**
 * Reads a duration such as `250ms`, `30s`, `1.5m` or `2h`; a bare number counts milliseconds.
 * @returns milliseconds, or `undefined` when the text is no duration.
 */
export function parseDurationMs(text: string): number | undefined {
  return parseQuantity(text, durationUnitsMs);
}

/**
 * Reads a size such as `64MiB`, `2GB` or `512kB`; a bare number counts bytes.
 * @returns whole bytes, or `undefined` when the text is no size.
 */
export function parseSizeBytes(text: string): number | undefined {
  const bytes = parseQuantity(text, sizeUnitsBytes);
  return bytes === undefined ? undefined : Math.round(bytes);
}

/** Writes milliseconds in the largest unit that needs no fraction: 30000 is `30s`. */
export function formatDuration(durationMs: number): string {
  return formatQuantity(durationMs, durationUnitsMs);
}

/** Writes bytes in the largest binary unit that needs no fraction: 67108864 is `64MiB`. */
export function formatSize(bytes: number): string {
  const { B, KiB, MiB, GiB } = sizeUnitsBytes;
  return formatQuantity(bytes, { B, KiB, MiB, GiB });
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-zA-Z]*)$/.exec(text.trim());
  if (match === null) return undefined;
  const factor = match[2] === '' ? 1 : units[match[2] ?? ''];
  if (factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function formatQuantity(value: number, units: Readonly<Record<string, number>>): string {
  const entries = Object.entries(units).toSorted((a, b) => b[1] - a[1]);
  const fit = entries.find(([, factor]) => value >= factor && value % factor === 0);
  const [name, factor] = fit ?? entries.at(-1) ?? ['', 1];
  return `${value / factor}${name}`;
}
