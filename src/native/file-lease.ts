import { type FileHandle, statfs } from 'node:fs/promises';
import process from 'node:process';
import { koffi } from './koffi.ts';

/** Commands of fcntl(2) on Linux, and the kind of lease. */
const setSignal = 10;
const setLease = 1024;
const getLease = 1025;
const readLease = 0;
/** SIGURG, which nobody listens to, in place of SIGIO, which ends a process. */
const quietSignal = 23;

/**
 * File systems that keep to leases: ext2 to ext4, XFS, Btrfs, tmpfs and overlayfs. Others may give
 * one, and yet change under it. Source: statfs(2).
 */
const leasingSystems: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630,
]);

/** A promise of the system that a file stays as it is. It ends when the file is closed. */
export interface FileLease {
  /** Whether nobody waits for its end, who would have it by force after 45 s. */
  isHeld(): boolean;
}

/**
 * Takes a lease of a file, opened for reading alone: nobody else can write to it or cut it short for
 * as long as it stays open.
 * @returns `undefined` where there is no lease to be had.
 */
export type LeaseFile = (file: FileHandle) => Promise<FileLease | undefined>;

/**
 * Makes what takes leases. The system has them on Linux, for files of one's own on local disks that
 * nobody is writing to.
 * Source: fcntl(2), "Leases".
 */
export function createFileLeaser(): LeaseFile {
  let fcntl: Fcntl | undefined;
  return async ({ fd }) => {
    if (process.platform !== 'linux') return undefined;
    const system = await statfs(`/proc/self/fd/${fd}`).catch(() => undefined);
    if (system === undefined || !leasingSystems.has(system.type)) return undefined;
    const call = (fcntl ??= findFcntl());
    call(fd, setSignal, 'int', quietSignal);
    if (call(fd, setLease, 'int', readLease) !== 0) return undefined;
    return { isHeld: () => call(fd, getLease, 'int', 0) === readLease };
  };
}

type Fcntl = (fd: number, command: number, ...value: readonly ['int', number]) => number;

function findFcntl(): Fcntl {
  return koffi.load(null).func('int fcntl(int fd, int command, ...)');
}
