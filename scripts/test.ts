// Everything that must pass: the check, then the tests that start processes of their own.
import process from 'node:process';
import { closingLines, runTests } from './steps.ts';
import type { Step } from './steps.ts';

const check: Step = { name: 'check', args: ['scripts/check.ts'] };

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
};

const checked = await runTests(check);
const tested = await runTests(processTests);
const ok = checked.ok && tested.ok;
process.stdout.write(`\n${ok ? 'Everything passed.' : 'Something failed: see above.'}\n`);
process.stdout.write(closingLines([checked.counts, tested.counts]));
process.exitCode = ok ? 0 : 1;
