import process from 'node:process';
import { koffi } from './koffi.ts';

/** PR_SET_PDEATHSIG of prctl(2). */
const setParentDeathSignal = 1;
const sigkill = 9;

/**
 * Has the system kill this process when the one that started it ends, whatever either does then.
 * Linux only; elsewhere nothing happens.
 */
export function dieWithParent(): void {
  if (process.platform !== 'linux') return;
  const word = 'unsigned long';
  const prctl = koffi.load(null).func('prctl', 'int', ['int', word, word, word, word]);
  prctl(setParentDeathSignal, sigkill, 0, 0, 0);
}
