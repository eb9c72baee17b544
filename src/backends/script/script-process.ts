import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { type ErrorCode, HeadwayError, toHeadwayError } from '../../core/error.ts';
import type { NamedTensors } from '../../core/tensor.ts';
import { watchMemory } from './memory-watch.ts';
import type { Outcome, Question, SentCall, ToScript } from './messages.ts';
import { isRecord, readCall } from './read-sent.ts';
import { readSentError, sentErrorOf } from './sent-error.ts';

/** What the process of a script is started with. */
export interface ScriptProcessOptions {
  /** Begins what is said of it: `The script of model 'x'`. */
  readonly subject: string;
  /** The file that is run. */
  readonly mainPath: string;
  readonly memoryLimitBytes: number;
  readonly clock: Clock;
  /** Resident memory of a process, in bytes; `undefined` where it cannot be told. */
  readonly residentBytes: (pid: number) => number | undefined;
  /** Takes a line that the script wrote. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** How one question is asked. */
export interface AskOptions {
  readonly limitMs: number;
  /** Answers calls of other models. Without it there are none. */
  readonly onCall?: (call: SentCall) => Promise<NamedTensors>;
}

/** A process that runs one instance of a script. Disposing kills it. */
export interface ScriptProcess extends AsyncDisposable {
  /**
   * Asks one thing; never called again before it has answered.
   * @throws HeadwayError when the process ends before it answers: `deadline_exceeded` when it was
   * killed for taking longer than the limit, otherwise `internal`.
   */
  ask(question: Question, options: AskOptions): Promise<Outcome<unknown>>;
  /** Tells the script that nobody waits for what it does. */
  abort(): void;
  /** @param reason what it did: the rest of a sentence. */
  kill(reason: string): void;
  /** Resolves when the process has ended, to the error that says how. */
  readonly ended: Promise<HeadwayError>;
}

const maxConcurrentCalls = 256;
const maxLineLength = 2000;
const disconnectedGraceMs = 1000;

/** The young generation is small beside this, and the rest is for what lies outside the heap. */
const heapShare = 0.5;

interface Pending {
  readonly id: number;
  readonly options: AskOptions;
  readonly resolve: (outcome: Outcome<unknown>) => void;
  readonly reject: (error: HeadwayError) => void;
  callCount: number;
}

/** Starts a process for a script; it is ready to be asked at once. */
export function startScriptProcess(options: ScriptProcessOptions): ScriptProcess {
  return new ForkedScript(options);
}

class ForkedScript implements ScriptProcess {
  readonly ended: Promise<HeadwayError>;
  readonly #options: ScriptProcessOptions;
  readonly #child: ChildProcess;
  #killError: HeadwayError | undefined;
  #endError: HeadwayError | undefined;
  #questionCount = 0;
  #pending: Pending | undefined;

  constructor(options: ScriptProcessOptions) {
    this.#options = options;
    this.#child = forkMain(options);
    const { promise, resolve } = Promise.withResolvers<HeadwayError>();
    this.ended = promise;
    const stopWatch = watchMemory({
      ...options,
      pid: this.#child.pid,
      isBusy: () => this.#pending !== undefined,
      onExceeded: (text) => this.kill(text),
    });
    const end = (reason: string): void => {
      stopWatch();
      this.#endError ??= this.#killError ?? this.#error(reason);
      // First, so that whoever starts it again knows before anybody asks again.
      resolve(this.#endError);
      this.#pending?.reject(this.#endError);
      this.#pending = undefined;
    };
    this.#child.on('message', (message: unknown) => this.#receive(message));
    this.#child.on('exit', (code, signal) => end(describeExit(code, signal)));
    this.#child.on('error', (error) => end(`could not be run: ${error.message}`));
    // A process that ends closes its connection too, a little before.
    this.#child.on('disconnect', () => {
      options.clock.schedule(disconnectedGraceMs, () =>
        this.kill('closed its connection to the server'),
      );
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      forwardLines(this.#child[stream], (line) => options.onLine(line, stream));
    }
  }

  async ask(question: Question, options: AskOptions): Promise<Outcome<unknown>> {
    if (this.#endError !== undefined) throw this.#endError;
    if (this.#pending !== undefined) throw new TypeError('a script is asked one thing at a time');
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<unknown>>();
    const id = (this.#questionCount += 1);
    this.#pending = { id, options, resolve, reject, callCount: 0 };
    const cancelLimit = this.#options.clock.schedule(options.limitMs, () =>
      this.#kill(this.#error(tooSlow(options.limitMs), 'deadline_exceeded')),
    );
    this.#send({ kind: 'ask', id, question });
    try {
      return await promise;
    } finally {
      cancelLimit();
    }
  }

  abort(): void {
    this.#send({ kind: 'abort' });
  }

  kill(reason: string): void {
    this.#kill(this.#error(reason));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('was ended');
    await this.ended;
  }

  #kill(error: HeadwayError): void {
    if (this.#endError !== undefined) return;
    this.#killError ??= error;
    killGroup(this.#child);
  }

  #error(reason: string, code: ErrorCode = 'internal'): HeadwayError {
    return new HeadwayError(code, `${this.#options.subject} ${reason}.`);
  }

  #send(message: ToScript): void {
    // What cannot be sent has a reason: the process ended, which `exit` tells.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(message: unknown): void {
    if (!isRecord(message)) return;
    const pending = this.#pending;
    if (message['kind'] === 'call') void this.#answerCall(message, pending);
    if (message['kind'] !== 'reply' || pending?.id !== message['id']) return;
    this.#pending = undefined;
    pending?.resolve(readOutcome(message['outcome']));
  }

  async #answerCall(
    message: Readonly<Record<string, unknown>>,
    pending: Pending | undefined,
  ): Promise<void> {
    const { callId } = message;
    if (typeof callId !== 'number') return;
    const onCall = pending?.options.onCall;
    try {
      if (onCall === undefined || pending === undefined) {
        throw new HeadwayError('failed_precondition', 'Models are called in execute() only.');
      }
      const call = readCall(message['call']);
      if (pending.callCount >= maxConcurrentCalls) throw tooManyCalls();
      pending.callCount += 1;
      const value = await onCall(call).finally(() => (pending.callCount -= 1));
      this.#send({ kind: 'answer', callId, outcome: { kind: 'done', value } });
    } catch (thrown) {
      const error = sentErrorOf(toHeadwayError(thrown));
      this.#send({ kind: 'answer', callId, outcome: { kind: 'failed', error } });
    }
  }
}

function readOutcome(value: unknown): Outcome<unknown> {
  const outcome = isRecord(value) ? value : {};
  return outcome['kind'] === 'failed'
    ? { kind: 'failed', error: readSentError(outcome['error']) }
    : { kind: 'done', value: outcome['value'] };
}

function forkMain({ mainPath, memoryLimitBytes }: ScriptProcessOptions): ChildProcess {
  const heapMebibytes = Math.floor((memoryLimitBytes * heapShare) / 2 ** 20);
  return fork(mainPath, [], {
    execArgv: [`--max-old-space-size=${heapMebibytes}`],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: the terminal's signals are for the server, and what the script starts
    // ends with it.
    detached: process.platform !== 'win32',
  });
}

function killGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already, or has not got its group yet.
    child.kill('SIGKILL');
  }
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGABRT') return 'ended with SIGABRT, as when its JavaScript heap is full';
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function tooSlow(limitMs: number): string {
  return `did not return within ${limitMs / 1000} s`;
}

function tooManyCalls(): HeadwayError {
  return new HeadwayError(
    'resource_exhausted',
    `A script may call other models ${maxConcurrentCalls} times at once; await some of the calls first.`,
  );
}

function forwardLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream === null) return;
  createInterface({ input: stream }).on('line', (line) => onLine(line.slice(0, maxLineLength)));
}
