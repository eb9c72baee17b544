import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import config from '../oxlint.config.ts';

const root = path.join(import.meta.dirname, '..');
const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.headway']);
const textFile = /\.(?:ts|mjs|json|md|ya?ml|pbtxt)$|(?:^|\/)(?:LICENSE|\.npmrc|\.gitignore|run)$/;

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly [section: string]: Readonly<Record<string, string>> | undefined;
}

let manifest: Manifest;
/** The project's text files by their path from the root. */
let files: ReadonlyMap<string, string>;

before(async () => {
  files = await readTexts();
  manifest = JSON.parse(textOf('package.json')) as Manifest;
});

test('every dependency has its paragraph in docs/dependencies.md', () => {
  const sections = ['dependencies', 'optionalDependencies', 'devDependencies'];
  const wanted = sections.flatMap((section) => Object.keys(manifest[section] ?? {}));
  const paragraphs = textOf('docs/dependencies.md').matchAll(/^\*\*`[^:]+:/gm);
  const described = [...paragraphs].flatMap(([names]) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  assert.deepEqual(described.toSorted(), wanted.toSorted());
});

test('the lock file names no registry, so that every registry serves', () => {
  assert.doesNotMatch(textOf('package-lock.json'), /"resolved"/);
});

test('no file names a path of the machine it was written on', () => {
  const found = linesMatching(/(?<![\w./*-])\/(?:tmp|work|root|home)\/\w/, () => true);
  assert.deepEqual(found, []);
});

test('the licence is the one package.json names', () => {
  assert.equal(manifest['license'], 'Apache-2.0');
  assert.match(textOf('LICENSE'), /Apache License\s+Version 2\.0, January 2004/);
});

test('every npm script that the documents name exists', () => {
  for (const [file, text] of markdown()) {
    for (const [command, name = ''] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
      assert.ok(name in manifest.scripts, `${file} names "${command}"`);
    }
  }
});

test('every relative link of the documents leads somewhere', () => {
  for (const [file, text] of markdown()) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const location = target.split('#')[0] ?? '';
      if (location === '' || /^[a-z]+:/.test(location)) continue;
      const resolved = path.join(root, path.dirname(file), location);
      assert.ok(existsSync(resolved), `${file} links to ${target}`);
    }
  }
});

test('modules hold no state', () => {
  const variable = /^(?:export )?(?:let|var) /;
  const cache =
    /^(?:export )?const \w+(?:: [^=]+)? = (?:new (?:Weak)?(?:Map|Set)(?:<.*>)?\(\)|\[\]);/;
  const isCode = (file: string): boolean => file.startsWith('src/') && !file.endsWith('.test.ts');
  assert.deepEqual(linesMatching(variable, isCode), []);
  assert.deepEqual(linesMatching(cache, isCode), []);
});

test('every folder of src has its import arrows', () => {
  const folders = [...files.keys()].flatMap((file) => /^src\/([^/]+)\//.exec(file)?.[1] ?? []);
  const free = ['cli', 'testing'];
  const ruled = (config.overrides ?? []).flatMap(({ files: globs }) => globs);
  for (const folder of new Set(folders)) {
    if (free.includes(folder)) continue;
    assert.ok(
      ruled.includes(`src/${folder}/**/*.ts`),
      `oxlint.config.ts has no arrows for ${folder}`,
    );
  }
});

test('what a file of src exports, types aside, another file uses', () => {
  const code = [...files].filter(([file]) => /\.(?:ts|mjs)$/.test(file));
  const words = code.map(([file, text]) => [file, new Set(text.match(/\w+/g))] as const);
  const unused = code
    .filter(([file]) => file.startsWith('src/'))
    .flatMap(([file, text]) =>
      [...text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)]
        .filter(([, name = '']) => {
          return !words.some(([other, known]) => other !== file && known.has(name));
        })
        .map(([, name]) => `${file}: ${name}`),
    );
  assert.deepEqual(unused, []);
});

async function readTexts(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      const location = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && !notOurs.has(entry.name)) await visit(location);
      if (!entry.isFile() || !textFile.test(location)) continue;
      texts.set(location, await readFile(path.join(root, location), 'utf8'));
    }
  };
  await visit('');
  return texts;
}

function textOf(file: string): string {
  return files.get(file) ?? assert.fail(`${file} is missing`);
}

function markdown(): [string, string][] {
  return [...files].filter(([file]) => file.endsWith('.md'));
}

/** The lines, as `file:line: text`, of the files that `takes` accepts. */
function linesMatching(pattern: RegExp, takes: (file: string) => boolean): string[] {
  return [...files]
    .filter(([file]) => takes(file))
    .flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => {
        return pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [];
      }),
    );
}
