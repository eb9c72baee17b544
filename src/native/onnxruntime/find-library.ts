import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A library file worth trying, and why. */
export interface LibraryCandidate {
  readonly path: string;
  readonly origin: 'named' | 'bundled';
}

const fileNames: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.dylib',
  win32: 'onnxruntime.dll',
};

/**
 * The file to load ONNX Runtime from: the one that was named, or else the CPU library that the
 * `onnxruntime-node` package carries.
 * @returns `undefined` when nothing was named and there is no package for this platform.
 */
export function findOnnxRuntimeLibrary(named: string | undefined): LibraryCandidate | undefined {
  if (named !== undefined) return { path: named, origin: 'named' };
  const fileName = fileNames[process.platform];
  if (fileName === undefined) return undefined;
  try {
    const packageJson = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const folder = join(dirname(packageJson), 'bin', 'napi-v6', process.platform, process.arch);
    const path = join(folder, fileName);
    return existsSync(path) ? { path, origin: 'bundled' } : undefined;
  } catch {
    return undefined;
  }
}
