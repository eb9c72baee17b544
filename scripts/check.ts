// Lint, format, types and unit tests: what is run before every commit.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { runQuietly, runTests } from './steps.ts';
import type { Step } from './steps.ts';

const folders = ['src', 'test', 'bench', 'examples', 'scripts', 'bin', 'oxlint.config.ts'];

const lint: Step = {
  name: 'lint',
  args: ['node_modules/oxlint/bin/oxlint', '--deny-warnings', ...folders.filter(existsSync)],
};
const format: Step = { name: 'format', args: ['node_modules/oxfmt/bin/oxfmt', '--check', '.'] };
const types: Step = { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', '.'] };

/** All files share one process, since a process each would take forty times as long. */
const unitTests: Step = {
  name: 'unit tests',
  args: [
    '--test',
    '--test-isolation=none',
    '--test-timeout=60000',
    '--test-reporter=./scripts/quiet-reporter.ts',
    '--experimental-test-coverage',
    '--test-coverage-include=src/**',
    '--test-coverage-exclude=src/**/*.test.ts',
    '--test-coverage-exclude=src/testing/**',
    '--test-coverage-exclude=src/**/generated/**',
    '--test-coverage-lines=85',
    'src/**/*.test.ts',
  ],
};

const results = await Promise.all([lint, format, types].map(runQuietly));
const tests = await runTests(unitTests);
process.exitCode = tests.ok && results.every(Boolean) ? 0 : 1;
