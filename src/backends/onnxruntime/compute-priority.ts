import { readFileSync, readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Nice value of the threads that compute; the event loop's is 0. */
const computeNice = 5;

/** What libuv calls the threads of its pool. */
const poolThreadName = 'libuv-worker';

const threadFolder = '/proc/self/task';

/**
 * Lets the event loop go before the threads of the pool, on which models run, where the system has
 * priorities for threads (Linux): with every core busy computing, health and admission would
 * otherwise wait for the scheduler's next turn. Threads a session starts are made on the pool and
 * inherit its priority. Elsewhere, and where it is not allowed, nothing happens.
 */
export function lowerComputePriority(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync(threadFolder)) {
      const name = readFileSync(`${threadFolder}/${thread}/comm`, 'utf8').trim();
      if (name === poolThreadName) setPriority(Number(thread), computeNice);
    }
  } catch {
    // A thread that ended meanwhile, or a system that hides or refuses: priorities stay equal.
  }
}
