import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The name of ONNX Runtime's shared library on each platform. */
export const libraryFileNames: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

/**
 * The file to load ONNX Runtime from: the one that was named, or else the CPU library for this
 * platform, which the published package holds beside its code, and a checkout in `node_modules`.
 * @returns `undefined` when nothing was named and there is no library for this platform.
 */
export function findOnnxRuntimeLibrary(named: string | undefined): string | undefined {
  if (named !== undefined) return named;
  const { platform, arch } = process;
  const fileName = libraryFileNames[platform];
  if (fileName === undefined) return undefined;
  const places = [
    join('onnxruntime', `${platform}-${arch}`, fileName),
    join('node_modules', 'onnxruntime-node', 'bin', 'napi-v6', platform, arch, fileName),
  ];
  // How many folders up depends on whether this runs from source or from the built files.
  return foldersAbove(import.meta.dirname)
    .flatMap((folder) => places.map((place) => join(folder, place)))
    .find((file) => existsSync(file));
}

/** A folder and those it lies in, nearest first. */
function foldersAbove(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}
