import process from 'node:process';

/** Milliseconds on the system's monotonic clock: the same in every process of the machine. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
