// Writes evidence in a process of its own: `node evidence-process.ts HOME RUNS [VALUES]`. It prints
// the record's id, adds that many runs, and ends the record; with `forever` it goes on adding.
import process from 'node:process';
import { beginEvidence } from '../../src/cli/evidence/begin-evidence.ts';
import { storeRun } from '../../src/cli/evidence/stored-run.ts';
import { createSystemClock } from '../../src/core/clock.ts';
import { evidenceStart, madeRun } from './evidence.ts';

const [home = '', runs = '1', values = '100'] = process.argv.slice(2);
const context = { clock: createSystemClock(), env: process.env, cwd: process.cwd() };
using writer = beginEvidence(context, { ...evidenceStart, home });
process.stdout.write(`${writer.id}\n`);
const wanted = runs === 'forever' ? Infinity : Number(runs);
try {
  for (let run = 1; run <= wanted; run += 1) {
    storeRun(writer, String(run), madeRun(Number(values)));
    if (runs === 'forever') process.stdout.write(`${run}\n`);
  }
  writer.finish({ runs: wanted });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  writer.fail('the samples could not be kept');
  process.exitCode = 1;
}
