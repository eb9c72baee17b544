import { spawn } from 'node:child_process';
import process from 'node:process';

/** A program to run on this Node. */
export interface Step {
  readonly name: string;
  /** Options of node, the program's file, its arguments. */
  readonly args: readonly string[];
  /** A step that takes longer hangs, and is killed. */
  readonly limitMs: number;
}

/** The counts of node:test's closing lines. */
export type TestCounts = Readonly<Record<string, number>>;

/** Runs a step silently, then prints one line, with the step's output if it failed. */
export async function runQuietly(step: Step): Promise<boolean> {
  const started = performance.now();
  const { status, output } = await run(step, () => {});
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? '✔' : '✖'} ${step.name} (${seconds} s)\n`);
  if (status !== 0) process.stdout.write(`${output}\n`);
  return status === 0;
}

/** Runs a step that runs tests, showing its output as it comes, and adds up its closing lines. */
export async function runTests(step: Step): Promise<{ ok: boolean; counts: TestCounts }> {
  const { status, output } = await run(step, (text) => process.stdout.write(text));
  const counts: Record<string, number> = {};
  for (const [, name = '', value] of output.matchAll(/^ℹ (\w+) (\d+(?:\.\d+)?)$/gm)) {
    counts[name] = (counts[name] ?? 0) + Number(value);
  }
  return { ok: status === 0 && (counts['tests'] ?? 0) > 0, counts };
}

/** The lines that close a run of several test processes, in node:test's own form. */
export function closingLines(all: readonly TestCounts[]): string {
  const names = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'];
  const total = (name: string): number => all.reduce((sum, counts) => sum + (counts[name] ?? 0), 0);
  return names.map((name) => `ℹ ${name} ${total(name)}\n`).join('');
}

function run(
  { name, args, limitMs }: Step,
  show: (text: string) => void,
): Promise<{ status: number; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; output: string }>();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const take = (text: string): void => {
    output += text;
    show(text);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  child.on('error', reject);
  child.on('close', (code, signal) => {
    if (signal !== null) take(`The ${name} ended by ${signal}; they may take ${limitMs} ms.\n`);
    resolve({ status: code ?? 1, output });
  });
  return promise;
}
