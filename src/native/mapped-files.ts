import { readFile } from 'node:fs/promises';

/** Whether some of a file is mapped into this process. Linux only. Source: proc_pid_maps(5). */
export async function isMapped(file: {
  readonly ino: number;
  readonly path: string;
}): Promise<boolean> {
  const maps = await readFile('/proc/self/maps', 'utf8');
  return maps.split('\n').some((line) => {
    const [, , , , inode, ...path] = line.split(/ +/);
    return inode === String(file.ino) || path.join(' ') === file.path;
  });
}
