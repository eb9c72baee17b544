import { formatBytes } from '../progress.ts';
import { type Check, type ReadText, ok } from './check.ts';

const gibibyte = 1024 ** 3;

/** Cores this process may use. */
export function checkCores({ usable, visible }: { usable: number; visible: number }): Check {
  const plural = (count: number): string => (count === 1 ? '1 core' : `${count} cores`);
  const detail =
    usable < visible
      ? `${plural(usable)} of ${visible}: a CPU quota allows no more`
      : plural(usable);
  if (usable > 1) return ok('cores', detail);
  const mend = 'With one core a running model holds up everything else; give the process two.';
  return { name: 'cores', status: 'warn', detail, mend };
}

/** Memory that is there and free. */
export function checkMemory(memory: {
  readonly totalBytes: number;
  /** Of the process's control group; more than there is, or 0, when there is none. */
  readonly limitBytes: number;
  readonly availableBytes: number;
}): Check {
  const { totalBytes, limitBytes, availableBytes } = memory;
  const isLimited = limitBytes > 0 && limitBytes < totalBytes;
  const whole = isLimited
    ? `a limit of ${formatBytes(limitBytes)} on ${formatBytes(totalBytes)}`
    : formatBytes(totalBytes);
  const detail = `${formatBytes(availableBytes)} free of ${whole}`;
  if (availableBytes >= gibibyte) return ok('memory', detail);
  const mend = 'A model takes its file in memory, and more while it runs: make at least 1 GB free.';
  return { name: 'memory', status: 'warn', detail, mend };
}

/** The instruction sets that make models fast, by what they are for, the best ones first. */
const instructionSets = {
  x64: {
    vectors: ['avx512f', 'avx2', 'avx', 'sse4_1'],
    int8: ['amx_int8', 'avx512_vnni', 'avx_vnni_int8', 'avx_vnni'],
    half: ['amx_bf16', 'avx512_bf16', 'avx512_fp16'],
  },
  arm64: {
    vectors: ['sve2', 'sve', 'asimd'],
    int8: ['sme', 'i8mm', 'asimddp'],
    half: ['bf16', 'asimdhp'],
  },
} as const;

/** Instruction sets of the processor, as the system tells them. */
export function checkInstructions(readText: ReadText, architecture: string): Check {
  const name = 'instructions';
  const text = /^(?:flags|Features)\s*:(.*)$/m.exec(readText('/proc/cpuinfo') ?? '')?.[1];
  if (text === undefined || (architecture !== 'x64' && architecture !== 'arm64')) {
    return ok(name, 'this system does not tell them');
  }
  const flags = new Set(text.trim().split(/\s+/));
  const sets = instructionSets[architecture];
  const found = (names: readonly string[]): readonly string[] =>
    names.filter((flag) => flags.has(flag));
  const { vectors, int8, half } = sets;
  const shown = [...found(vectors).slice(0, 1), ...found(int8), ...found(half)];
  const detail = shown.join(' ') || 'no vector instructions';
  if (found(int8).length > 0) return ok(name, detail);
  const mend = `None of ${int8.join(', ')} is shown, so INT8 models gain little here: measure before choosing one.`;
  return { name, status: 'warn', detail, mend };
}

const slowClocks = ['hpet', 'acpi_pm', 'pit', 'jiffies', 'refined-jiffies', 'xen'];

/**
 * The clock that every request reads several times.
 * @param readingNs what a reading takes.
 */
export function checkClock(readText: ReadText, readingNs: number): Check {
  const folder = '/sys/devices/system/clocksource/clocksource0';
  const source = readText(`${folder}/current_clocksource`)?.trim();
  const detail = `${source ?? 'source not told'}, ${Math.round(readingNs)} ns a reading`;
  if (source === undefined || !slowClocks.includes(source)) return ok('clock', detail);
  const others = readText(`${folder}/available_clocksource`)?.trim() ?? '';
  const mend = `This source is slow, which every time measured pays for; as root write a better one of "${others}" to ${folder}/current_clocksource.`;
  return { name: 'clock', status: 'warn', detail, mend };
}

const fewFiles = 4096;

/** Files and connections this process may have open. */
export function checkOpenFiles(readText: ReadText): Check {
  const name = 'open files';
  const limits = readText('/proc/self/limits') ?? '';
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  if (soft === undefined) return ok(name, 'this system does not tell the limit');
  if (soft === 'unlimited' || Number(soft) >= fewFiles) return ok(name, `up to ${soft}`);
  const mend = `Each connection is one; raise the limit: ulimit -n ${fewFiles}, or LimitNOFILE in a service.`;
  return { name, status: 'warn', detail: `up to ${soft}`, mend };
}
