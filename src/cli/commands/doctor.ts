import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import process from 'node:process';
import { Command } from 'commander';
import { serverSettings } from '../../config/server-config.ts';
import { HeadwayError } from '../../core/error.ts';
import { availableCores } from '../../native/available-cores.ts';
import { type CliContext, printJson, printLine } from '../context.ts';
import type { Check } from '../doctor/check.ts';
import { formatChecks } from '../doctor/format-checks.ts';
import {
  checkClock,
  checkCores,
  checkInstructions,
  checkMemory,
  checkOpenFiles,
} from '../doctor/machine-checks.ts';
import { type WantedPort, checkPort, checkStore } from '../doctor/place-checks.ts';
import { checkNode, checkRuntime } from '../doctor/runtime-checks.ts';
import { libraryPath, storeDirectory } from '../source-settings.ts';
import { createStyle } from '../style.ts';
import { readPackage } from '../version.ts';

interface DoctorOptions {
  readonly home?: string;
  readonly onnxruntimeLibrary?: string;
  readonly json?: boolean;
}

/** `headway doctor`: checks this machine. */
export function doctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .summary('check this machine: cores, runtime, ports, store')
    .description(
      'Checks this machine for what Headway needs: Node, cores, memory, instruction sets, ONNX Runtime, ports, the store of models, limits and the clock. Exits with 1 when something will not work.',
    )
    .option('--home <dir>', 'folder that holds the store (default ~/.headway)')
    .option(
      '--onnxruntime-library <file>',
      'ONNX Runtime library to check instead of the bundled one',
    )
    .option('--json', 'print the checks as JSON')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headway doctor',
        '  headway doctor --onnxruntime-library /opt/onnxruntime/lib/libonnxruntime.so',
        '  headway doctor --json | jq \'.checks[] | select(.status != "ok")\'',
      ].join('\n'),
    )
    .action((options: DoctorOptions) => doctor(context, options));
}

async function doctor(context: CliContext, options: DoctorOptions): Promise<void> {
  const checks = await runChecks(context, options);
  const failed = checks.filter(({ status }) => status === 'fail');
  if (options.json === true) {
    printJson(context, { ok: failed.length === 0, checks });
  } else {
    const style = createStyle(context.stdout, context.env);
    for (const line of formatChecks(checks, style)) printLine(context, line);
  }
  if (failed.length > 0) {
    const names = failed.map(({ name }) => name).join(', ');
    throw new HeadwayError('failed_precondition', `This machine fails: ${names}.`);
  }
}

async function runChecks(context: CliContext, options: DoctorOptions): Promise<Check[]> {
  return [
    checkNode(process.versions.node, readPackage().engines.node),
    checkCores({ usable: availableCores(), visible: availableParallelism() }),
    checkMemory({
      totalBytes: totalmem(),
      limitBytes: process.constrainedMemory(),
      availableBytes: process.availableMemory(),
    }),
    checkInstructions(readIfThere, process.arch),
    await checkRuntime(libraryPath(context, options.onnxruntimeLibrary)),
    ...(await Promise.all(wantedPorts.map(checkPort))),
    await checkStore(storeDirectory(context, options.home)),
    checkOpenFiles(readIfThere),
    checkClock(readIfThere, clockReadingNs(context)),
  ];
}

const wantedPorts: readonly WantedPort[] = [
  { port: Number(serverSettings.httpPort.default), use: 'inference', flag: '--http-port' },
  { port: Number(serverSettings.grpcPort.default), use: 'gRPC', flag: '--grpc-port' },
  { port: Number(serverSettings.metricsPort.default), use: 'metrics', flag: '--metrics-port' },
];

const clockReadings = 10_000;

function clockReadingNs({ clock }: CliContext): number {
  const startMs = clock.nowMs();
  for (let reading = 0; reading < clockReadings; reading += 1) clock.nowMs();
  return ((clock.nowMs() - startMs) * 1e6) / clockReadings;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
