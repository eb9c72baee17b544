// Reads text in a picture with two models that Headway serves: what `npm start` runs.
import { availableParallelism } from 'node:os';
import process from 'node:process';

// libuv reads this once, at its first use of the pool: before anything is imported that uses it.
process.env['UV_THREADPOOL_SIZE'] ??= String(4 + 8 * availableParallelism());

const { runExample } = await import('./run-example.ts');
process.exitCode = await runExample(process.argv.slice(2));
