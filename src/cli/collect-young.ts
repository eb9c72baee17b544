import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { readonly type: 'minor' }) => void;

/**
 * Makes a function that collects young garbage now, which takes about a millisecond.
 *
 * Every read from a socket makes a buffer of 64 KiB that is garbage a moment later. V8 counts it as
 * memory outside its heap, does not see that it is young, and answers a few dozen megabytes of it
 * by marking all of the heap, which takes tens of milliseconds on this thread and as much on
 * others. Collecting the young in time prevents that.
 */
export function createYoungCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  return () => collect({ type: 'minor' });
}
