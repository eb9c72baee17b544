// Emits what is published to dist/: JavaScript joined into a few files, types beside it, and ONNX
// Runtime for every platform, or for those that `--platform linux-x64` names, for a smaller package.
import { chmod, rm } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { copyRuntime } from './copy-runtime.ts';
import { runQuietly } from './steps.ts';

/** What users import or run, by its place in dist/; everything else becomes part of these. */
const entries = ['index', 'client/index', 'script/index', 'cli/main'].concat(
  'backends/script/process/main',
  'loadgen/process/main',
);

const { values } = parseArgs({
  options: { platform: { type: 'string', multiple: true, default: [] } },
});

await rm('dist', { recursive: true, force: true });
const typesAreGood = await runQuietly({
  name: 'types',
  args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  limitMs: 120_000,
});
const isBundled = await runQuietly({
  name: 'bundle',
  args: [
    'node_modules/esbuild/bin/esbuild',
    ...entries.map((entry) => `src/${entry}.ts`),
    '--bundle',
    '--splitting',
    '--packages=external',
    '--format=esm',
    '--platform=node',
    '--target=node24.12',
    '--outdir=dist',
    '--outbase=src',
    '--chunk-names=chunks/[name]-[hash]',
    '--log-level=warning',
  ],
  limitMs: 60_000,
});
await copyRuntime('dist/onnxruntime', values.platform);
process.exitCode = typesAreGood && isBundled ? 0 : 1;
if (isBundled) await chmod('dist/cli/main.js', 0o755);
