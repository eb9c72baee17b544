/** The processor, as far as the system tells of it. */
export interface ProcessorFacts {
  /** The maker's name of it, or numbers where there is no name. */
  readonly model: string | null;
  /** Instruction sets and features, sorted. */
  readonly flags: readonly string[];
}

/** Reads `/proc/cpuinfo` of x86 and Arm; every processor is taken to be as the first. */
export function parseCpuInfo(text: string): ProcessorFacts {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}\\s*:[ \\t]*(.*\\S)`, 'm').exec(text)?.[1];
  const flags = field('flags') ?? field('Features') ?? '';
  const implementer = field('CPU implementer');
  const numbers =
    implementer === undefined ? null : `implementer ${implementer} part ${field('CPU part')}`;
  return {
    model: field('model name') ?? field('Model') ?? numbers,
    flags: flags.split(/\s+/).filter(Boolean).toSorted(),
  };
}

/** How busy the machine is. */
export interface LoadFacts {
  /** Processes that ran or waited to, averaged over one, five and fifteen minutes. */
  readonly averages: readonly [one: number, five: number, fifteen: number];
  /** Threads that run or wait to at this moment. */
  readonly runnable: number;
  readonly threads: number;
}

/** Reads `/proc/loadavg`; `null` for anything else. Source: proc_loadavg(5). */
export function parseLoadAverage(text: string): LoadFacts | null {
  const found = /^(\S+) (\S+) (\S+) (\d+)\/(\d+) \d+\s*$/.exec(text)?.slice(1).map(Number);
  if (found === undefined || found.some(Number.isNaN)) return null;
  const [one = 0, five = 0, fifteen = 0, runnable = 0, threads = 0] = found;
  return { averages: [one, five, fifteen], runnable, threads };
}

/**
 * Reads `/proc/pressure/cpu`: the share of the last ten seconds, in percent, in which something
 * waited for a processor; `null` where the system does not tell. Source: the kernel's psi.rst.
 */
export function parseCpuPressure(text: string): number | null {
  const share = /^some avg10=(\d+(?:\.\d+)?) /m.exec(text)?.[1];
  return share === undefined ? null : Number(share);
}
