import { hash } from 'node:crypto';

/** What a model consists of, as its server tells; null where it cannot. */
export interface ModelContents {
  /**
   * One hash of all files: the SHA-256 of the lines that `sha256sum` prints of them, in the order of
   * their paths.
   */
  readonly sha256: string | null;
  readonly files: readonly ListedFile[] | null;
}

interface ListedFile {
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

/** Of a server that does not tell. */
export const unknownContents: ModelContents = Object.freeze({ sha256: null, files: null });

/**
 * Reads the answer to `GET /v2/models/{model}/files`.
 * @throws TypeError for anything else.
 */
export function parseModelFiles(answer: unknown): ModelContents {
  const { files } = answer as { files?: unknown };
  if (!Array.isArray(files) || !files.every(isListedFile)) {
    throw new TypeError('The answer holds no files.');
  }
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const lines = sorted.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  return { sha256: hash('sha256', lines.join('')), files: sorted };
}

function isListedFile(value: unknown): value is ListedFile {
  const { path, size_bytes: sizeBytes, sha256 } = value as Record<string, unknown>;
  return (
    typeof path === 'string' &&
    typeof sizeBytes === 'number' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}
