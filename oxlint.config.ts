import { defineConfig } from 'oxlint';
import type { OxlintConfig, OxlintOverride } from 'oxlint';

/** What a folder of `src/` may import beside itself and `core/`. */
interface Arrows {
  readonly folders?: readonly string[];
  /** Folders of which only types may be imported. */
  readonly types?: readonly string[];
  /** Single files of other folders, as globs under `src/`. */
  readonly files?: readonly string[];
}

/** The import arrows of docs/architecture.md. `cli/` may import anything and is not listed. */
const arrows: Readonly<Record<string, Arrows>> = {
  core: {},
  formats: {},
  native: {},
  config: { folders: ['formats'] },
  metrics: {},
  script: {},
  backends: { folders: ['native', 'formats', 'config', 'metrics', 'script'] },
  repository: { folders: ['config', 'formats'], files: ['backends/backend.ts'] },
  scheduler: { folders: ['metrics'], types: ['config'] },
  operators: { folders: ['formats'] },
  server: {
    folders: ['formats', 'native', 'config', 'metrics', 'backends', 'repository'].concat([
      'scheduler',
      'operators',
    ]),
  },
  // The types are those that server/interface.ts speaks in.
  protocols: {
    folders: ['formats'],
    types: ['config', 'metrics', 'repository'],
    files: ['server/interface.ts'],
  },
  client: { folders: ['formats'], files: ['protocols/*/codec.ts', 'protocols/*/codec/**'] },
  loadgen: {
    folders: ['formats', 'metrics', 'client', 'operators'],
    files: ['protocols/*/codec.ts', 'protocols/*/codec/**'],
  },
  store: {},
};

const protocols = ['oip-http', 'oip-grpc', 'openai', 'admin', 'metrics'];

/** Folders that nothing but tests, or nothing but the outside, imports. */
const closedFolders = ['cli', 'testing'];

const outsideNative = {
  name: 'koffi',
  message: 'Only src/native calls foreign functions: ask it for what you need.',
};

/** The ways a file up to three folders deep names what lies in `path`. */
function relatives(path: string): string[] {
  return [`../${path}`, `../../${path}`, `../../../${path}`];
}

function arrowRules(folder: string, { folders = [], types = [], files = [] }: Arrows) {
  const patterns = [...Object.keys(arrows), ...closedFolders]
    .filter((other) => other !== folder && other !== 'core' && !folders.includes(other))
    .map((other) => ({
      group: [
        ...relatives(`${other}/**`),
        ...files
          .filter((file) => file.startsWith(`${other}/`))
          .flatMap(relatives)
          .map((path) => `!${path}`),
      ],
      message: `src/${folder} may not import src/${other}: see the arrows in oxlint.config.ts.`,
      allowTypeImports: types.includes(other),
    }));
  return { paths: folder === 'native' ? [] : [outsideNative], patterns };
}

function protocolRules(protocol: string): OxlintOverride {
  const { paths, patterns } = arrowRules('protocols', arrows['protocols'] ?? {});
  const others = protocols.filter((other) => other !== protocol && !(other in arrows));
  const siblings = {
    group: others.flatMap((other) => relatives(`${other}/**`)),
    message:
      'A protocol may not import another one: move what they share to core, formats or protocols/oip.',
    allowTypeImports: false,
  };
  return {
    files: [`src/protocols/${protocol}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { paths, patterns: [...patterns, siblings] }] },
  };
}

const folderOverrides: OxlintOverride[] = Object.entries(arrows).map(([folder, folderArrows]) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', arrowRules(folder, folderArrows)] },
}));

const config: OxlintConfig = defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  env: { node: true, es2025: true },
  ignorePatterns: ['dist/**', 'coverage/**', '**/generated/**'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: [outsideNative],
        patterns: [{ group: relatives('testing/**'), message: 'Only tests import src/testing.' }],
      },
    ],
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-mutable-exports': 'error',
    'oxc/no-barrel-file': ['error', { threshold: 0 }],
    'unicorn/prefer-node-protocol': 'error',
    'unicorn/no-process-exit': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    'typescript/no-floating-promises': [
      'error',
      {
        allowForKnownSafeCalls: [
          { from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' },
        ],
      },
    ],
    'typescript/no-misused-promises': 'error',
    'no-restricted-properties': [
      'error',
      { object: 'process', property: 'env', message: 'Only src/cli reads the environment.' },
    ],
    complexity: ['error', { max: 15 }],
    'max-params': ['error', { max: 4 }],
    'max-depth': ['error', { max: 4 }],
    'max-lines': ['error', { max: 300 }],
    'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-console': 'error',
    // Right now and then, noise mostly. The compiler checks returns, knowing exhaustive switches.
    'typescript/consistent-return': 'off',
    'consistent-return': 'off',
    'import/no-named-as-default-member': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/no-array-sort': 'off',
    'typescript/no-base-to-string': 'off',
    // Objects here are mostly closures, whose functions need no `this`.
    'typescript/unbound-method': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
  },
  overrides: [
    ...folderOverrides,
    ...protocols.map(protocolRules),
    {
      files: ['src/cli/**', 'bin/**', 'scripts/**', 'examples/**', 'bench/**', 'test/**'],
      rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
    },
    {
      files: ['**/*.test.ts', 'src/testing/**', 'src/**/contract.ts', 'test/**'],
      rules: {
        'no-restricted-imports': 'off',
        'no-restricted-properties': 'off',
        'max-lines': 'off',
        'max-lines-per-function': 'off',
        complexity: 'off',
        'typescript/no-non-null-assertion': 'off',
      },
    },
    {
      // The package's public entries gather what they offer.
      files: ['src/index.ts', 'src/client/index.ts', 'src/script/index.ts'],
      rules: { 'oxc/no-barrel-file': 'off' },
    },
    {
      // What loads these wants a default export.
      files: ['oxlint.config.ts', 'scripts/quiet-reporter.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
});

export default config;
