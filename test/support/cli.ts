import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { type OipClient, createOipHttpClient } from '../../src/client/index.ts';
import { readMetric } from './serve.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

/** `headway serve` in a process of its own; killed with this if it still runs. */
export interface ServeProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly client: OipClient;
  readonly urls: { readonly http: string; readonly grpc: string; readonly metrics: string };
  metric(name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined>;
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Starts `headway serve` on free ports, and resolves when it serves. */
export async function serveInProcess(
  root: string,
  ...args: readonly string[]
): Promise<ServeProcess> {
  const child = spawn(
    process.execPath,
    [
      main,
      'serve',
      '--json',
      '--model-repository',
      root,
      '--http-port',
      '0',
      '--log-level',
      'error',
      '--grpc-port',
      '0',
      '--metrics-port',
      '0',
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  let text = '';
  const announced = (async () => {
    for await (const piece of child.stdout) {
      text += String(piece);
      if (text.endsWith('}\n')) return;
    }
    throw new Error(`headway serve ended (${await ended}) after: ${text}`);
  })();
  await announced;
  const { urls } = JSON.parse(text) as Pick<ServeProcess, 'urls'>;
  const client = createOipHttpClient({ url: urls.http });
  return {
    child,
    client,
    urls,
    ended,
    async metric(name, labels) {
      const answer = await fetch(`${urls.metrics}/metrics`);
      return readMetric(await answer.text(), name, labels);
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      child.kill('SIGKILL');
      await ended;
    },
  };
}
