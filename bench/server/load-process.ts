import process from 'node:process';
import { type ClosedLoopOptions, runClosedLoop } from '../lib/closed-loop.ts';

// A load in a process of its own, so that what else the benchmark measures is not held up by it.
process.on('message', (options: ClosedLoopOptions) => {
  void runClosedLoop(options).then((result) => process.send?.(result));
});
process.send?.({ port: 0 });
