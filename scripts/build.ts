// Emits what is published: JavaScript and types in dist/.
import { chmod, rm } from 'node:fs/promises';
import process from 'node:process';
import { runQuietly } from './steps.ts';

await rm('dist', { recursive: true, force: true });
const ok = await runQuietly({
  name: 'build',
  args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  limitMs: 120_000,
});
process.exitCode = ok ? 0 : 1;
if (ok) await chmod('dist/cli/main.js', 0o755);
