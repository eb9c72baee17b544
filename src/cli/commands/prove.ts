import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addRecordOptions, addTargetOptions } from '../load/common-options.ts';
import { durationOption, parseShare } from '../load/option-parsers.ts';
import { collectValues, parseCount } from '../option-values.ts';
import { type ProveOptions, runProve } from '../prove/run-prove.ts';

/** `headway prove`: whether a server holds an SLO, with the evidence. */
export function proveCommand(context: CliContext): Command {
  const command = new Command('prove')
    .summary('prove or refute that a server holds an SLO')
    .description(
      'Sends load as many independent users do and says whether the server holds an SLO: PROVED, REFUTED, or NOT ENOUGH DATA with the seconds still needed. Errors, rejects and answers that come too late are misses.',
    );
  addTargetOptions(command)
    .requiredOption(
      '--slo <bounds>',
      'the SLO, such as rate=100,p99=100ms, or rate=2,ttft.p95=500ms of streamed answers; may be repeated',
      collectValues,
    )
    .option('--confidence <share>', 'of the verdict', parseShare, 0.95)
    .addOption(
      durationOption('--duration <time>', 'the longest time to measure', {
        fallback: '5m',
        minMs: 300,
      }),
    )
    .addOption(
      durationOption('--warmup <time>', 'how long load is sent before each part, unmeasured', {
        fallback: '5s',
        minMs: 0,
      }),
    )
    .option('--generators <n>', 'processes that send', parseCount(1), 1);
  addRecordOptions(command).option('--report <file>', 'write a report as one HTML page');
  return command
    .addHelpText(
      'after',
      [
        '',
        'It measures in parts, each from a seed of its own, and stops as soon as the verdict is clear.',
        '',
        'Examples:',
        '  headway prove http://127.0.0.1:8000 --model resnet --slo rate=100,p99=100ms',
        '  headway prove grpc://127.0.0.1:8001 --model resnet --slo rate=50,p95=20ms --confidence 0.99',
        '  headway prove http://127.0.0.1:8000 --model resnet --slo rate=100,p99=100ms --duration 10m --json',
        '',
        'Exit codes: 0 proved; 1 failed, or the generator could not keep up; 2 wrong usage; 3 refuted; 4 not enough data.',
      ].join('\n'),
    )
    .action(async (url: string, options: ProveOptions) => {
      await runProve(context, command, { url, options });
    });
}
