import process from 'node:process';
import { koffi } from './koffi.ts';

/** Commands of fcntl(2) on Linux. */
const setSignal = 10;
const setLease = 1024;
const readLease = 0;
/** SIGURG, which nobody listens to, in place of SIGIO, which ends a process. */
const quietSignal = 23;

/**
 * Keeps others from writing to a file, opened for reading alone, or cutting it short for as long as
 * it stays open: whoever tries waits, 45 s at most.
 * @returns whether there is a lease; it ends when the file is closed.
 */
export type LeaseFile = (fd: number) => boolean;

/**
 * Makes what takes leases. The system has them on Linux, for files of one's own on local disks that
 * nobody is writing to.
 * Source: fcntl(2), "Leases".
 */
export function createFileLeaser(): LeaseFile {
  let fcntl: ReturnType<typeof findFcntl> | undefined;
  return (fd) => {
    if (process.platform !== 'linux') return false;
    fcntl ??= findFcntl();
    fcntl(fd, setSignal, 'int', quietSignal);
    return fcntl(fd, setLease, 'int', readLease) === 0;
  };
}

function findFcntl(): (fd: number, command: number, ...value: readonly ['int', number]) => number {
  return koffi.load(null).func('int fcntl(int fd, int command, ...)');
}
