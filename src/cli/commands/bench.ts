import { Command, Option } from 'commander';
import { scenarios } from '../../loadgen/mlperf/scenario.ts';
import type { BenchOptions } from '../bench/bench-plan.ts';
import { runBench } from '../bench/run-bench.ts';
import type { CliContext } from '../context.ts';
import { addRecordOptions, addTargetOptions } from '../load/common-options.ts';
import { durationOption, parsePositive } from '../load/option-parsers.ts';
import { collectValues, parseCount } from '../option-values.ts';

/** `headway bench`: sends load to a server, ours or not, and measures it. */
export function benchCommand(context: CliContext): Command {
  const command = new Command('bench')
    .summary('send load to a server and measure it')
    .description(
      'Sends load to a server, of this kind or another, and measures latency from the time each request was due. Requests arrive as those of many independent users do (open loop) unless said otherwise.',
    );
  addTargetOptions(command);
  addLoadOptions(command);
  addOutputOptions(command);
  return command
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headway bench http://127.0.0.1:8000 --model resnet --rate 100 --duration 30s',
        '  headway bench http://127.0.0.1:8000 --model resnet --search rate --slo p99=100ms',
        '  headway bench grpc://127.0.0.1:8001 --model resnet --sweep concurrency=1:64',
        '  headway bench http://127.0.0.1:8000 --model resnet --vs http://127.0.0.1:9000 --rate 50',
        '  headway bench http://127.0.0.1:8000 --model resnet --dataset photos --check outputs',
        '  headway bench http://127.0.0.1:8080 --protocol chat --model llama --rate 2 --slo ttft.p95=500ms',
        '  headway bench https://models.internal --model resnet --ca ca.pem --rate 50',
        '  headway bench http://127.0.0.1:8080/healthz --rate 1000 --report report.html',
        '',
        'Exit codes: 0 measured; 1 failed, stopped, or the generator could not keep up; 2 wrong usage.',
      ].join('\n'),
    )
    .action(async (url: string, options: BenchOptions) => {
      await runBench(context, command, { url, options });
    });
}

function addLoadOptions(command: Command): Command {
  return command
    .option('--rate <n>', 'requests a second, open loop (default 10)', parsePositive)
    .option(
      '--arrival <law>',
      'when requests are due: poisson, constant, gamma:SHAPE, bursts:ON,OFF, ramp:FROM,TO, steps:RATE@TIME,…, trace:FILE',
      'poisson',
    )
    .option('--concurrency <n>', 'requests in flight, closed loop', parseCount(1))
    .option(
      '--sweep <loads>',
      'measure several loads: rate=100:800:100 (step), rate=50,80 or concurrency=1:64 (doubling)',
    )
    .addOption(
      new Option(
        '--search <what>',
        'look for the highest load that holds the latency of --slo',
      ).choices(['rate', 'concurrency']),
    )
    .option('--knee', 'look for the concurrency beyond which only latency grows')
    .addOption(
      new Option('--scenario <name>', "one of MLPerf's, judged by its rules").choices(scenarios),
    )
    .addOption(
      durationOption('--duration <time>', 'how long each load is measured', {
        fallback: '30s',
        minMs: 100,
      }),
    )
    .addOption(
      durationOption('--warmup <time>', 'how long it is sent before, unmeasured', {
        fallback: '2s',
        minMs: 0,
      }),
    )
    .option(
      '--slo <bounds>',
      'latency that must hold, such as p50=20ms,p99=100ms; of streamed answers also ttft, itl and tpot, as in ttft.p95=500ms; may be repeated',
      collectValues,
    )
    .option('--generators <n>', 'processes that send', parseCount(1), 1);
}

function addOutputOptions(command: Command): Command {
  return addRecordOptions(command)
    .option('--jsonl <file>', 'write every request as a line of JSON')
    .option('--histogram <file>', 'write latencies as an HdrHistogram log')
    .option('--report <file>', 'write a report as one HTML page')
    .option('--vs <url>', 'compare with this server: pairs of runs on one schedule, in turns')
    .option('--pairs <n>', 'pairs of runs with --vs', parseCount(1), 5);
}
