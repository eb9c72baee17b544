import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { runClosedLoop } from '../lib/closed-loop.ts';
import { median } from '../lib/quantile.ts';
import { type BenchRow, atMost, progress } from '../lib/report.ts';
import { type BenchRepositories, modelFile } from './repository.ts';
import { resnetRequest } from './requests.ts';

const rounds = 7;

/**
 * From starting the server's process to its first answer, against making a session and running it
 * in a process that has the runtime loaded.
 */
export async function benchColdStart(repositories: BenchRepositories): Promise<BenchRow> {
  await buildPackage();
  const server: number[] = [];
  const bare: number[] = [];
  // The first round of each fills caches, the disk's and Node's of compiled code.
  for (let round = 0; round <= rounds; round += 1) {
    progress(`cold start, round ${round} of ${rounds}`);
    const bareMs = await bareColdMs(modelFile(repositories.fp32));
    const serverMs = await serverColdMs(repositories.fp32, 20_000 + round);
    if (round === 0) continue;
    bare.push(bareMs);
    server.push(serverMs);
  }
  return atMost('coldRatio', median(server) / median(bare), {
    bar: 1.5,
    detail: `${Math.round(median(server))} ms against ${Math.round(median(bare))} ms`,
  });
}

async function bareColdMs(model: string): Promise<number> {
  const child = spawn(process.execPath, ['bench/server/bare-process.ts', model], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ coldMs }] = (await once(child, 'message')) as [{ coldMs: number }];
  child.kill();
  await once(child, 'close');
  return coldMs;
}

async function serverColdMs(repository: string, port: number): Promise<number> {
  const startMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      'bin/headway.mjs',
      'serve',
      `--model-repository=${repository}`,
      `--http-port=${port}`,
      '--grpc-port=0',
      '--metrics-port=0',
      '--log-level=error',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  // It says when every model is ready; asking it again and again would take its processor's time.
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(failed)]);
  await runClosedLoop({
    port,
    concurrency: 1,
    durationMs: 0,
    warmupMs: 0,
    request: resnetRequest,
  });
  const elapsedMs = performance.now() - startMs;
  child.kill('SIGTERM');
  await once(child, 'close');
  return elapsedMs;
}

function failed(): never {
  throw new Error('The server ended before it was ready.');
}

/** The server starts from what is published, so that is what is measured. */
async function buildPackage(): Promise<void> {
  const build = spawn(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
  const [code] = (await once(build, 'exit')) as [number];
  if (code !== 0) throw new Error('The package could not be built.');
}
