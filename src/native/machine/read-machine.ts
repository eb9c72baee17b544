import { readFileSync } from 'node:fs';
import {
  arch,
  availableParallelism,
  cpus,
  loadavg,
  platform,
  release,
  totalmem,
  version,
} from 'node:os';
import process from 'node:process';
import { availableCores, cpuQuotaCores } from '../available-cores.ts';
import {
  type LoadFacts,
  parseCpuInfo,
  parseCpuPressure,
  parseLoadAverage,
} from './parse-system.ts';

/** A machine as a measurement sees it; `null` for what the system does not tell. */
export interface MachineFingerprint {
  readonly cpu: {
    readonly model: string | null;
    readonly architecture: string;
    readonly flags: readonly string[];
    /** Cores that the process may be put on. */
    readonly visibleCores: number;
    /** Those it may keep busy, by its quota too. */
    readonly usableCores: number;
    readonly quotaCores: number | null;
    /** What chooses the clock rate, such as `performance` or `powersave`. */
    readonly governor: string | null;
    readonly simultaneousThreads: boolean | null;
  };
  readonly memory: {
    readonly totalBytes: number;
    /** Of the process's control group. */
    readonly limitBytes: number | null;
    readonly availableBytes: number;
  };
  readonly system: {
    readonly platform: string;
    readonly release: string;
    readonly version: string;
  };
  readonly load: LoadFacts & {
    /** Share of the last ten seconds in which something waited for a processor. */
    readonly cpuPressurePercent: number | null;
  };
}

/** Looks at this machine now; before a measurement, so that its load is that of others. */
export function readMachine(): MachineFingerprint {
  const info = parseCpuInfo(textOf('/proc/cpuinfo'));
  const quotaCores = cpuQuotaCores();
  const limitBytes = process.constrainedMemory();
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    cpu: {
      model: info.model ?? cpus()[0]?.model ?? null,
      architecture: arch(),
      flags: info.flags,
      visibleCores: availableParallelism(),
      usableCores: availableCores(),
      quotaCores: Number.isFinite(quotaCores) ? quotaCores : null,
      governor: textOf('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor').trim() || null,
      simultaneousThreads: { '0': false, '1': true }[textOf(smtFile).trim()] ?? null,
    },
    memory: {
      totalBytes: totalmem(),
      limitBytes: limitBytes > 0 && limitBytes < totalmem() ? limitBytes : null,
      availableBytes: process.availableMemory(),
    },
    system: { platform: platform(), release: release(), version: version() },
    load: {
      ...(parseLoadAverage(textOf('/proc/loadavg')) ?? {
        averages: [one, five, fifteen],
        runnable: 0,
        threads: 0,
      }),
      cpuPressurePercent: parseCpuPressure(textOf('/proc/pressure/cpu')),
    },
  };
}

const smtFile = '/sys/devices/system/cpu/smt/active';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
