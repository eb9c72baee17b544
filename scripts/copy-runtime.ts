import { copyFile, glob, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { libraryFileNames } from '../src/native/onnxruntime/find-library.ts';

/** The development dependency that carries ONNX Runtime's libraries. */
const source = 'node_modules/onnxruntime-node';

/**
 * Copies ONNX Runtime's CPU libraries, with their licence and notices, to a folder that is
 * published: `linux-x64/libonnxruntime.so.1` and so on.
 * @param wanted the platforms, such as `linux-x64`; all that the runtime is released for when empty.
 * @throws Error when there is no such platform, or `licenses/` lacks the texts of this version.
 */
export async function copyRuntime(target: string, wanted: readonly string[]): Promise<void> {
  const libraries = await findLibraries();
  const platforms = wanted.length === 0 ? [...libraries.keys()] : wanted;
  for (const platform of platforms) {
    const library = libraries.get(platform);
    if (library === undefined) {
      const known = [...libraries.keys()].join(', ');
      throw new Error(
        `There is no ONNX Runtime for '${platform}' in ${source}, only for ${known}.`,
      );
    }
    await mkdir(path.join(target, platform), { recursive: true });
    await copyFile(library, path.join(target, platform, path.basename(library)));
  }
  const texts = path.join('licenses', `onnxruntime-${await readVersion()}`);
  for (const text of ['LICENSE', 'ThirdPartyNotices.txt']) {
    await copyFile(path.join(texts, text), path.join(target, text));
  }
}

/** The library files by their platform. */
async function findLibraries(): Promise<Map<string, string>> {
  const libraries = new Map<string, string>();
  for await (const folder of glob(path.join(source, 'bin/*/*/*'))) {
    const architecture = path.basename(folder);
    const platform = path.basename(path.dirname(folder));
    const fileName = libraryFileNames[platform];
    if (fileName === undefined) continue;
    libraries.set(`${platform}-${architecture}`, path.join(folder, fileName));
  }
  return libraries;
}

async function readVersion(): Promise<string> {
  const text = await readFile(path.join(source, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
