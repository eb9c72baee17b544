import process from 'node:process';
import { answerGenerator } from './answer-generator.ts';
import type { FromGenerator, ToGenerator } from './messages.ts';

// A process that generates load, as `start-generators.ts` starts it.

const generator = answerGenerator((message: FromGenerator) => process.send?.(message));
process.on('message', (message: ToGenerator) => generator.take(message));
// Whoever started it is gone: there is nobody to tell.
process.on('disconnect', () => generator.end());
// Signals to the whole group are for the one that started it, which then asks for what was measured.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
