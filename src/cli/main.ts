#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import process from 'node:process';

// libuv reads this once, at its first use of the pool, so it is set before anything is imported
// that might use it. A run of a model occupies a thread of the pool; files and names need a few.
process.env['UV_THREADPOOL_SIZE'] ??= String(4 + 8 * availableParallelism());
enableCompileCache();

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const { runCli } = await import('./run-cli.ts');
process.exitCode = await runCli(process.argv.slice(2));
