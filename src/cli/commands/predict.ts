import { Command, InvalidArgumentError, Option } from 'commander';
import type { PerChannel } from '../../operators/normalize-image.ts';
import { type CliContext, printLine } from '../context.ts';
import { checkDimensionNames } from '../dimension-names.ts';
import { collectValues, parseCount, parseDimension } from '../option-values.ts';
import { formatPrediction, predictionJson } from '../predict/format-prediction.ts';
import { summarizeLatency } from '../predict/latency.ts';
import { readInputs } from '../predict/read-inputs.ts';
import type { PredictionTarget } from '../predict/target.ts';
import { libraryPath } from '../source-settings.ts';
import { createStyle } from '../style.ts';

interface PredictOptions {
  readonly url?: string;
  readonly modelVersion?: string;
  readonly apiKey?: string;
  readonly input?: readonly string[];
  readonly random?: boolean;
  readonly zero?: boolean;
  readonly dimension?: ReadonlyMap<string, number>;
  readonly mean?: PerChannel;
  readonly std?: PerChannel;
  readonly repeat?: number;
  readonly onnxruntimeLibrary?: string;
  readonly json?: boolean;
}

/** `headway predict`: runs a model once and shows what it answers. */
export function predictCommand(context: CliContext): Command {
  return new Command('predict')
    .summary('run a model once, on a file or through a server')
    .description(
      'Runs a model once and shows what it answers: a file or the folder of a model in this process, or a model of a running server. Inputs come from files, or are made up.',
    )
    .argument('<model>', "ONNX file or model folder; with --url, the model's name on the server")
    .option(
      '--url <url>',
      'ask this server, such as http://127.0.0.1:8000 or grpc://127.0.0.1:8001',
    )
    .option('--model-version <version>', 'version to ask for; needs --url')
    .option('--api-key <key>', 'key the server wants; needs --url')
    .option(
      '--input <[name=]file>',
      'data of an input: .json, .npy, .bin or a picture; without a name, JSON of inputs by name; - for standard input; may be repeated',
      collectValues,
    )
    .addOption(
      new Option('--random', 'make up inputs that are not given, the same each time').conflicts(
        'zero',
      ),
    )
    .option('--zero', 'fill inputs that are not given with zeros')
    .option(
      '--dimension <name=size>',
      'size of a variable dimension, by its name or as input.axis; may be repeated',
      parseDimension,
    )
    .option('--mean <r,g,b>', 'subtracted from pixels scaled to 0…1 (default 0,0,0)', parseChannels)
    .option('--std <r,g,b>', 'what pixels are divided by then (default 1,1,1)', parseChannels)
    .option('--repeat <n>', 'run so many times more and show the latency', parseCount(1))
    .option(
      '--onnxruntime-library <file>',
      'ONNX Runtime library to use instead of the bundled one',
    )
    .option('--json', 'print all of the outputs as JSON')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headway predict ./model.onnx --random --dimension batch=2',
        `  echo '{"a": [[1, 2]], "b": [[3, 4]]}' | headway predict ./add.onnx --input - --json`,
        '  headway predict ./models/resnet --input input=cat.jpg \\',
        '    --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225',
        '  headway predict resnet --url http://127.0.0.1:8000 --random --repeat 100',
      ].join('\n'),
    )
    .action(async (model: string, options: PredictOptions, command: Command) => {
      if (options.url === undefined) {
        const { modelVersion, apiKey } = options;
        if (modelVersion !== undefined) command.error("error: '--model-version' needs '--url'");
        if (apiKey !== undefined) command.error("error: '--api-key' needs '--url'");
      }
      await predict(context, model, options);
    });
}

function parseChannels(text: string): PerChannel {
  const [r, g, b, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? NaN : Number(part)));
  const values = [r, g, b].map((value) => value ?? NaN);
  if (more.length === 0 && values.every(Number.isFinite)) return [r ?? 0, g ?? 0, b ?? 0];
  throw new InvalidArgumentError('It must be three numbers, such as 0.485,0.456,0.406.');
}

async function predict(context: CliContext, model: string, options: PredictOptions): Promise<void> {
  await using target = await openTarget(context, model, options);
  const sizes = options.dimension ?? new Map<string, number>();
  checkDimensionNames(sizes, target.inputs);
  const inputs = await readInputs(target.inputs, {
    cwd: context.cwd,
    given: options.input ?? [],
    fill: options.random === true ? 'random' : options.zero === true ? 'zero' : undefined,
    sizes,
    scale: { mean: options.mean ?? [0, 0, 0], deviation: options.std ?? [1, 1, 1] },
  });
  const run = await target.run(inputs);
  const durationsMs: number[] = [];
  while (durationsMs.length < (options.repeat ?? 0)) {
    durationsMs.push((await target.run(inputs)).durationMs);
  }
  const prediction = { target, run, latency: summarizeLatency(durationsMs) };
  if (options.json === true) {
    printLine(context, JSON.stringify(predictionJson(prediction)));
    return;
  }
  const style = createStyle(context.stdout, context.env);
  for (const line of formatPrediction(prediction, style)) printLine(context, line);
}

async function openTarget(
  context: CliContext,
  model: string,
  { url, modelVersion: version, apiKey, onnxruntimeLibrary }: PredictOptions,
): Promise<PredictionTarget> {
  if (url === undefined) {
    const { createLocalTarget } = await import('../predict/local-target.ts');
    const library = libraryPath(context, onnxruntimeLibrary);
    return createLocalTarget(context, { model, libraryPath: library });
  }
  const { createRemoteTarget } = await import('../predict/remote-target.ts');
  return createRemoteTarget(context, { url, model, version, apiKey });
}
