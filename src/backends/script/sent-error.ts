import { inspect } from 'node:util';
import { HeadwayError, errorCodes } from '../../core/error.ts';
import type { SentError } from './messages.ts';
import { isRecord, textOf } from './read-sent.ts';

const maxTextLength = 8192;

/** Puts anything thrown into a form that goes between processes. */
export function sentErrorOf(thrown: unknown): SentError {
  const code = thrown instanceof HeadwayError ? thrown.code : undefined;
  const message = thrown instanceof Error ? thrown.message : inspect(thrown);
  const stack = thrown instanceof Error ? inspect(thrown) : message;
  return { code, message: message.slice(0, maxTextLength), stack: stack.slice(0, maxTextLength) };
}

/** Reads an error that came from a script's process, whatever it is. */
export function readSentError(value: unknown): SentError {
  const { code, message, stack } = isRecord(value) ? value : {};
  return {
    code: errorCodes.find((known) => known === code),
    message: textOf(message).slice(0, maxTextLength),
    stack: textOf(stack).slice(0, maxTextLength),
  };
}

/**
 * Makes the error again that was sent.
 * @param subject who failed, for the message of errors that are nothing for clients.
 */
export function headwayErrorOf(sent: SentError, subject: string): HeadwayError {
  const cause = new Error(sent.message);
  cause.stack = sent.stack;
  if (sent.code !== undefined) return new HeadwayError(sent.code, sent.message, { cause });
  return new HeadwayError('internal', `${subject}; the server log has the details.`, { cause });
}
