import { readdir } from 'node:fs/promises';
import type { ScannedModel } from './scan-model.ts';

/** What a version folder holds that is a script. */
const scriptFile = /^model\.m?[jt]s$/;

/**
 * The backend of a model whose config names none: that of its newest version's file.
 * @returns `undefined` for the usual one.
 */
export async function detectBackend({
  versions,
}: Pick<ScannedModel, 'versions'>): Promise<string | undefined> {
  const newest = versions.get(Math.max(...versions.keys()));
  if (newest === undefined) return undefined;
  const names = await readdir(newest.path);
  const isScript = names.some((name) => scriptFile.test(name)) && !names.includes('model.onnx');
  return isScript ? 'script' : undefined;
}
