import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The name of ONNX Runtime's shared library on each platform. */
export const libraryFileNames: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

/**
 * The bundled CPU library, which the published package holds beside its code, and a checkout in
 * `node_modules`.
 * @param folder where our code is. How many folders up the library lies depends on whether this
 * runs from source or from the built files.
 * @throws RangeError saying where it was looked for.
 */
export function findBundledLibrary(
  { platform, arch }: Pick<NodeJS.Process, 'platform' | 'arch'>,
  folder: string,
): string {
  const missing = `there is no bundled library for ${platform} on ${arch}`;
  const fileName = libraryFileNames[platform];
  if (fileName === undefined) throw new RangeError(missing);
  const places = [
    join('onnxruntime', `${platform}-${arch}`, fileName),
    join('node_modules', 'onnxruntime-node', 'bin', 'napi-v6', platform, arch, fileName),
  ];
  const found = foldersAbove(folder)
    .flatMap((above) => places.map((place) => join(above, place)))
    .find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new RangeError(`${missing}: no '${places.join("' or '")}' in '${folder}' or above it`);
}

/** A folder and those it lies in, nearest first. */
function foldersAbove(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}
