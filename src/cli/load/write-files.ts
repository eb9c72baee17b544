import { extname, resolve } from 'node:path';
import type { LoadRun } from '../../loadgen/samples.ts';
import { hdrLogLines } from '../../loadgen/summary/hdr-log.ts';
import { requestLines } from '../../loadgen/summary/request-lines.ts';
import { writePieces } from '../evidence/write-pieces.ts';

/** The files that were asked for. */
export interface RunFiles {
  readonly cwd: string;
  readonly jsonl?: string | undefined;
  readonly histogram?: string | undefined;
}

/**
 * Writes what was measured: one file for one run; of several, numbered files beside that name.
 * @throws HeadwayError when a file cannot be written, such as on a full disk.
 */
export async function writeRunFiles(
  runs: readonly LoadRun[],
  { cwd, jsonl, histogram }: RunFiles,
): Promise<void> {
  for (const [index, run] of runs.entries()) {
    const numbered = (name: string): string =>
      resolve(cwd, runs.length === 1 ? name : withNumber(name, index + 1));
    if (jsonl !== undefined) await writePieces(numbered(jsonl), withEnds(requestLines(run)));
    if (histogram !== undefined) await writePieces(numbered(histogram), withEnds(hdrLogLines(run)));
  }
}

function* withEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

function withNumber(name: string, number: number): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}-${number}${extension}`;
}
