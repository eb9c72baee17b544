import { Command } from 'commander';
import { Document, isScalar, visit } from 'yaml';
import { completeModelConfig } from '../../config/complete-model-config.ts';
import { modelConfigToJson } from '../../config/model-config-json.ts';
import { type CliContext, printJson, printLine } from '../context.ts';
import { checkDimensionNames } from '../dimension-names.ts';
import { formatSummary } from '../inspect/format-summary.ts';
import { declaredSignature, servableSignature } from '../inspect/model-signature.ts';
import { type ModelSummary, summarizeModel } from '../inspect/summarize-model.ts';
import { type OnnxFile, readOnnxFile } from '../model-file.ts';
import { type ModelPlace, findModel } from '../model-place.ts';
import { parseDimension } from '../option-values.ts';
import { type Style, createStyle } from '../style.ts';
import { plainText } from '../text-table.ts';

interface InspectOptions {
  readonly dimension?: ReadonlyMap<string, number>;
  readonly json?: boolean;
}

/** `headway inspect`: shows what a model is, without loading it. */
export function inspectCommand(context: CliContext): Command {
  return new Command('inspect')
    .summary('show what a model is: inputs, outputs, operators, size')
    .description(
      'Shows what a model is, without loading it: inputs and outputs, operators, parameters, cost of one item, and whether it can be batched. Of a folder in a model repository, also its configuration as the server completes it.',
    )
    .argument('<model>', 'ONNX file, or the folder of a model in a repository')
    .option(
      '--dimension <name=size>',
      'size of a variable dimension, for the cost; may be repeated',
      parseDimension,
    )
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headway inspect ./model.onnx',
        '  headway inspect ./models/resnet',
        '  headway inspect ./detector.onnx --dimension height=640 --dimension width=640',
        "  headway inspect ./model.onnx --json | jq '.inputs'",
      ].join('\n'),
    )
    .action((model: string, options: InspectOptions) => inspect(context, model, options));
}

async function inspect(context: CliContext, given: string, options: InspectOptions): Promise<void> {
  const place = await findModel(context.cwd, given);
  const path = onnxPath(place);
  const file = path === undefined ? undefined : await readOnnxFile(path);
  const sizes = options.dimension ?? new Map<string, number>();
  const summary = file === undefined ? undefined : await summarizeModel(file, sizes);
  checkDimensionNames(sizes, summary?.inputs ?? []);
  const folder = place.kind === 'folder' ? describeFolder(place, file) : undefined;
  if (options.json === true) {
    printJson(context, { ...summary, ...folder });
    return;
  }
  const style = createStyle(context.stdout, context.env);
  for (const line of formatReport({ summary, folder, style })) printLine(context, line);
}

/** `undefined` where there is none to read: what a script takes and gives is known once it runs. */
function onnxPath(place: ModelPlace): string | undefined {
  if (place.kind === 'file') return place.path;
  return place.config.backend === 'script' ? undefined : place.served?.path;
}

/** What the folder of a model adds to its file. */
interface FolderReport {
  readonly name: string;
  readonly versions: readonly number[];
  readonly servedVersion: number | null;
  /** In Triton's field names, completed from the model where its file is there. */
  readonly config: Record<string, unknown>;
  readonly isConfigComplete: boolean;
  readonly warnings: readonly string[];
}

function describeFolder(
  place: Extract<ModelPlace, { kind: 'folder' }>,
  file: OnnxFile | undefined,
): FolderReport {
  const signature = file && servableSignature(declaredSignature(file.model));
  const config =
    signature === undefined ? place.config : completeModelConfig(place.config, signature);
  return {
    name: place.name,
    versions: place.versions,
    servedVersion: place.served?.version ?? null,
    config: modelConfigToJson(config),
    isConfigComplete: signature !== undefined,
    warnings: place.warnings,
  };
}

interface Report {
  readonly summary: ModelSummary | undefined;
  readonly folder: FolderReport | undefined;
  readonly style: Style;
}

function formatReport({ summary, folder, style }: Report): string[] {
  const lines = summary === undefined ? [] : formatSummary(summary, style);
  if (folder === undefined) return lines;
  const { name, versions, servedVersion, config, isConfigComplete, warnings } = folder;
  const note = isConfigComplete ? 'as the server completes it' : 'as it is written';
  const isScript = config['backend'] === 'script';
  return [
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    style.bold(`model '${name}', ${versionsText(versions, servedVersion)}`),
    ...(isScript
      ? ['  a script: what it takes and gives is known when a server has loaded it']
      : []),
    ...warnings.map((warning) => style.yellow(`  ! ${plainText(warning)}`)),
    '',
    style.bold(`configuration, ${note}`),
    ...toYaml(config)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${plainText(line)}`),
  ];
}

/** The text of a `model.yaml`, lists of numbers and names on one line. */
function toYaml(config: Record<string, unknown>): string {
  const document = new Document(config);
  visit(document, {
    Seq(_, list) {
      if (list.items.every(isScalar)) list.flow = true;
    },
  });
  return document.toString({ flowCollectionPadding: false });
}

function versionsText(versions: readonly number[], served: number | null): string {
  if (versions.length === 0) return 'no version folder: its file comes from its source';
  if (served === null) return `versions ${versions.join(', ')}; its version policy serves none`;
  return versions.length === 1
    ? `version ${served}`
    : `version ${served} of ${versions.join(', ')}`;
}
