import process from 'node:process';
import { HeadwayError } from '../../../core/error.ts';
import type { Script } from '../../../script/script.ts';
import type { FromScript, Question, ToScript } from '../messages.ts';
import { sentErrorOf } from '../sent-error.ts';
import { executeBatch } from './execute-batch.ts';
import { importScript } from './import-script.ts';
import { type ModelCaller, createModelCaller } from './model-caller.ts';

/** What is under way in this process. */
interface Running {
  readonly abort: AbortController;
  readonly caller: ModelCaller;
}

/** Answers what the server asks, until it goes away. */
export function answerQuestions(): void {
  const send = (message: FromScript): void => void process.send?.(message);
  let script: Script | undefined;
  let running: Running | undefined;

  const answer = async (question: Question, { abort, caller }: Running): Promise<unknown> => {
    if (question.kind === 'load') {
      script = await importScript(question);
      return script.signature;
    }
    if (script === undefined) throw new TypeError('no script is loaded');
    switch (question.kind) {
      case 'initialise':
        return script.initialise?.(question.context);
      case 'execute':
        return executeBatch(script, question.requests, {
          infer: caller.infer,
          signal: abort.signal,
        });
      case 'finalise':
        return script.finalise?.();
    }
  };

  const reply = async (id: number, question: Question): Promise<void> => {
    running = { abort: new AbortController(), caller: createModelCaller(send) };
    const { caller } = running;
    try {
      const value = await answer(question, running);
      send({ kind: 'reply', id, outcome: { kind: 'done', value } });
    } catch (thrown) {
      send({ kind: 'reply', id, outcome: { kind: 'failed', error: sentErrorOf(thrown) } });
    } finally {
      caller.close();
    }
  };

  process.on('message', (message: ToScript) => {
    switch (message.kind) {
      case 'ask':
        void reply(message.id, message.question);
        break;
      case 'abort':
        running?.abort.abort(new HeadwayError('cancelled', 'Nobody waits for the batch any more.'));
        break;
      case 'answer':
        running?.caller.answer(message.callId, message.outcome);
        break;
    }
  });
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
