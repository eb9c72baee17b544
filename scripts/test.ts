// Everything that must pass: the check, then the tests that start processes of their own.
import process from 'node:process';
import { closingLines, runTests } from './steps.ts';
import type { Step } from './steps.ts';

const check: Step = { name: 'check', args: ['scripts/check.ts', '--coverage'], limitMs: 240_000 };

/** One file at a time: these tests measure, and start servers that use every core. */
const processTests: Step = {
  name: 'process tests',
  args: [
    '--test',
    '--test-concurrency=1',
    '--test-timeout=300000',
    '--test-reporter=./scripts/quiet-reporter.ts',
    'test/**/*.test.ts',
  ],
  limitMs: 660_000,
};

const checked = await runTests(check);
const tested = await runTests(processTests);
const failed = [...(checked.ok ? [] : [check]), ...(tested.ok ? [] : [processTests])];
const verdict =
  failed.length === 0
    ? 'Everything passed.'
    : `Failed, see above: ${failed.map(({ name }) => name).join(', ')}.`;
process.stdout.write(`\n${verdict}\n${closingLines([checked.counts, tested.counts])}`);
process.exitCode = failed.length === 0 ? 0 : 1;
