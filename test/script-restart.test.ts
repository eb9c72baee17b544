import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type LogFields, type Logger, silentLogger } from '../src/core/logger.ts';
import { loadScript } from '../src/testing/loaded-script.ts';
import { createManualClock } from '../src/testing/manual-clock.ts';
import { restartDelayMs } from '../src/backends/script/restart-delay.ts';

/** A logger that keeps its warnings. */
function keepWarnings(): { readonly logger: Logger; readonly warnings: LogFields[] } {
  const warnings: LogFields[] = [];
  const warning = (message: string, fields: LogFields = {}): void =>
    void warnings.push({ message, ...fields });
  return { warnings, logger: { ...silentLogger, warning } };
}

test('restartDelayMs() is nothing at first, doubles, and has an end', () => {
  assert.deepEqual([1, 2, 3, 4, 100].map(restartDelayMs), [0, 100, 200, 400, 10_000]);
});

test('a script that keeps crashing is started again later each time, until it answers', async () => {
  const script = `
    export const execute = (requests) => (what(requests) === 1 ? process.exit(1) : echo(requests));`;
  const clock = createManualClock();
  const { logger, warnings } = keepWarnings();
  await using loaded = await loadScript(script, { clock, logger });
  const crash = async (delayMs: number): Promise<void> => {
    assert.match(await loaded.ask(1), /ended with exit code 1/);
    assert.equal(warnings.at(-1)?.['delayMs'], delayMs);
    assert.equal(clock.nextDueMs, clock.nowMs() + delayMs);
  };
  for (const delayMs of [0, 100, 200]) {
    await crash(delayMs);
    clock.advance(delayMs);
  }
  assert.equal(await loaded.ask(0), 'done');
  await crash(0);
});

test('a script that is started again is the one that was loaded, whatever its file holds', async () => {
  const script = `
    export const execute = (requests) => (what(requests) === 1 ? process.exit(1) : echo(requests));`;
  await using loaded = await loadScript(script);
  await writeFile(loaded.file, 'an edit that is under way');
  assert.match(await loaded.ask(1), /exit code 1/);
  assert.equal(await loaded.ask(0), 'done');
});

test('a finalise() that hangs holds an unload up for five seconds only', async () => {
  const clock = createManualClock();
  const { logger, warnings } = keepWarnings();
  const loaded = await loadScript(
    `export const execute = echo;
    export const finalise = () => { for (;;); };`,
    { clock, logger },
  );
  const pendingCount = clock.pendingCount;
  const disposed = loaded[Symbol.asyncDispose]();
  while (clock.pendingCount === pendingCount) await setImmediate();
  clock.advance(4999);
  assert.deepEqual(warnings, []);
  clock.advance(1);
  await disposed;
  const [warning] = warnings;
  assert.match(String(warning?.['message']), /finalise\(\) failed/);
  assert.match(String(warning?.['error']), /did not return within 5 s/);
});

test('an instance that is disposed of while its script waits to be started again is gone', async () => {
  const clock = createManualClock();
  const loaded = await loadScript(`export const execute = () => process.exit(1);`, { clock });
  await loaded.ask(1);
  clock.advance(0);
  await loaded.ask(1);
  const waiting = loaded.ask(1);
  await Promise.all([assert.rejects(waiting), loaded[Symbol.asyncDispose]()]);
});
