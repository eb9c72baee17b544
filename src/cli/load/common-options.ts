import { type Command, Option } from 'commander';
import { invalidArgument } from '../../core/error.ts';
import { collectValues, parseCount, parseDimension } from '../option-values.ts';
import { durationOption, parsePositive } from './option-parsers.ts';

/** The protocols that load is sent in. */
const loadProtocols = [
  'http',
  'http-json',
  'grpc',
  'chat',
  'completions',
  'embeddings',
  'plain',
] as const;

export type LoadProtocol = (typeof loadProtocols)[number];

/** What `bench` and `prove` are both told about whom to ask and what. */
export interface CommonOptions {
  readonly model?: string;
  readonly modelVersion?: string;
  readonly protocol?: LoadProtocol;
  readonly apiKey?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly input?: readonly string[];
  readonly zero?: boolean;
  readonly dataset?: string;
  readonly check?: string;
  readonly tolerance: number;
  readonly prompts?: string;
  readonly promptWords: string;
  readonly outputTokens: string;
  readonly dimension?: ReadonlyMap<string, number>;
  readonly seed: number;
  readonly timeout: number;
  readonly json?: boolean;
  readonly evidence: boolean;
  readonly home?: string;
}

/**
 * The protocol to ask in: the one that is named, or else by the address and by whether there is a
 * model.
 * @throws HeadwayError `invalid_argument` for one that does not go with the address.
 */
export function protocolOf(url: string, { protocol, model }: CommonOptions): LoadProtocol {
  const isGrpc = /^grpcs?:/.test(url);
  if (protocol !== undefined) {
    if (isGrpc === (protocol === 'grpc')) return protocol;
    throw invalidArgument(`--protocol ${protocol} does not go with the address '${url}'`);
  }
  if (isGrpc) return 'grpc';
  return model === undefined ? 'plain' : 'http';
}

/** Adds the options that say whom to ask, and what. */
export function addTargetOptions(command: Command): Command {
  addServerOptions(command);
  return addInputOptions(command);
}

function addServerOptions(command: Command): Command {
  return command
    .argument(
      '<url>',
      'server to send load to: http://127.0.0.1:8000, grpc://…:8001, or with TLS https://… and grpcs://…',
    )
    .option('--model <name>', 'model to ask; without it the URL itself is asked, as plain HTTP')
    .option('--model-version <version>', 'version to ask for; the server chooses without it')
    .addOption(
      new Option(
        '--protocol <name>',
        'http and grpc are the inference protocol (http-json without binary tensors), chat, completions and embeddings are of the OpenAI API, plain asks the URL itself; by the URL and --model when left out',
      ).choices(loadProtocols),
    )
    .option('--api-key <key>', 'key the server wants, sent as a bearer token')
    .option('--ca <file>', 'certificates to trust instead of the known ones (https://, grpcs://)')
    .option('--cert <file>', 'certificate to show to a server that wants one, with --key')
    .option('--key <file>', 'private key of --cert')
    .addOption(
      durationOption('--timeout <time>', 'an answer later than this is a failure', {
        fallback: '30s',
        minMs: 1,
      }),
    );
}

function addInputOptions(command: Command): Command {
  return command
    .option(
      '--input <[name=]file>',
      'data of an input, as predict takes it; may be repeated; made up at random without it',
      collectValues,
    )
    .option('--zero', 'fill inputs that are not given with zeros')
    .option(
      '--dimension <name=size>',
      'size of a variable dimension, by its name or as input.axis; may be repeated',
      parseDimension,
    )
    .addOption(
      new Option(
        '--dataset <folder>',
        'inputs from a folder, in turn: a file or a folder for each request',
      ).conflicts(['input', 'zero']),
    )
    .option(
      '--check <place>',
      'outputs that answers must have, held against them under load: with --dataset a folder of the same names, else JSON of outputs by name',
    )
    .option(
      '--tolerance <n>',
      'how far numbers may be from those of --check, absolutely and as a share',
      parsePositive,
      1e-3,
    )
    .addOption(
      new Option(
        '--prompts <file>',
        'prompts from a file with a line of JSON for each (OpenAI)',
      ).conflicts(['promptWords', 'outputTokens']),
    )
    .option(
      '--prompt-words <lengths>',
      'words of prompts that are made up: 128, uniform:100,500, normal:512,128, lognormal:300,0.8',
      '128',
    )
    .option('--output-tokens <lengths>', 'the most tokens of answers, in the same forms', '64');
}

/** Adds the options that say how it is told and kept. */
export function addRecordOptions(command: Command): Command {
  return command
    .option('--seed <n>', 'what the schedule is made from', parseCount(0), 1)
    .option('--json', 'print the result as JSON')
    .option('--no-evidence', 'keep no record in the evidence store')
    .option('--home <folder>', 'folder of the evidence store (default ~/.headway)');
}
