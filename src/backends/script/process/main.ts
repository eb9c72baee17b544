import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { setPriority } from 'node:os';
import process from 'node:process';
import { dieWithParent } from '../../../native/die-with-parent.ts';
import { answerQuestions } from './answer-questions.ts';

// The process of one instance of a script, as `script-process.ts` starts it.

const nice = 5;

/** The event loop of the server goes first, and memory that runs short is taken from here. */
function yieldToServer(): void {
  try {
    setPriority(nice);
    if (process.platform === 'linux') writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Where the system refuses, both are equal.
  }
}

/** Scripts name `headway/script` wherever they lie; it is the one this process has. */
function provideScriptModule(): void {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const url = new URL(`../../../script/index.${extension}`, import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'headway/script' ? { url, shortCircuit: true } : next(specifier, context),
  });
}

dieWithParent();
yieldToServer();
provideScriptModule();
answerQuestions();
