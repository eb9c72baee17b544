// Lint, format, types and unit tests: what is run before every commit. `--coverage` also asks that
// the unit tests reach most of src/, which makes them take twice as long.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { runQuietly, runTests } from './steps.ts';
import type { Step } from './steps.ts';

const { values } = parseArgs({ options: { coverage: { type: 'boolean', default: false } } });

const folders = ['src', 'test', 'bench', 'examples', 'scripts', 'bin', 'oxlint.config.ts'];

const lint: Step = {
  name: 'lint',
  args: ['node_modules/oxlint/bin/oxlint', '--deny-warnings', ...folders.filter(existsSync)],
  limitMs: 60_000,
};
const format: Step = {
  name: 'format',
  args: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'],
  limitMs: 60_000,
};
const types: Step = {
  name: 'types',
  // What was checked before and has not changed is not checked again.
  args: [
    'node_modules/typescript/bin/tsc',
    '-p',
    '.',
    '--incremental',
    '--tsBuildInfoFile',
    'node_modules/.cache/types.tsbuildinfo',
  ],
  limitMs: 60_000,
};

const coverage = [
  '--experimental-test-coverage',
  '--test-coverage-include=src/**',
  '--test-coverage-exclude=src/**/*.test.ts',
  '--test-coverage-exclude=src/testing/**',
  '--test-coverage-lines=85',
];

/** Files share a process, since one each would take forty times as long; a process for each core. */
const unitTests = (shard: string): Step => ({
  name: 'unit tests',
  args: [
    '--test',
    '--test-isolation=none',
    '--test-timeout=60000',
    '--test-reporter=./scripts/quiet-reporter.ts',
    `--test-shard=${shard}`,
    ...(values.coverage ? coverage : []),
    'src/**/*.test.ts',
  ],
  limitMs: 180_000,
});

// What covers most of src/ is all tests together.
const shards = values.coverage ? ['1/1'] : ['1/2', '2/2'];
// All at once: tests that wait for something leave their core to the others.
const results = await Promise.all([
  ...[lint, format, types].map(runQuietly),
  ...shards.map((shard) => runTests(unitTests(shard)).then(({ ok }) => ok)),
]);
process.exitCode = results.every(Boolean) ? 0 : 1;
