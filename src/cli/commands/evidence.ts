import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { HeadwayError } from '../../core/error.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import type { EvidenceStore } from '../../store/evidence-store.ts';
import { type CliContext, printJson, printLine } from '../context.ts';
import { type MeasuredRecord, compareRecords } from '../evidence/compare-records.ts';
import { type ExportFormat, exportFormats, exportRecord } from '../evidence/export-record.ts';
import { formatComparison } from '../evidence/format-comparison.ts';
import { formatList, formatRecord } from '../evidence/format-record.ts';
import { openStore } from '../evidence/open-store.ts';
import { restoreRun } from '../evidence/stored-run.ts';
import { printPieces, writePieces } from '../evidence/write-pieces.ts';
import { evidencePath } from '../source-settings.ts';
import { createStyle } from '../style.ts';
import { UsageError } from '../usage-error.ts';

interface CommonOptions {
  readonly home?: string;
  readonly json?: boolean;
}

interface ExportOptions extends CommonOptions {
  readonly format?: ExportFormat;
  readonly out?: string;
}

/** `headway evidence`: what measurements left behind. */
export function evidenceCommand(context: CliContext): Command {
  const command = new Command('evidence')
    .summary('list, show, compare, export and remove evidence of measurements')
    .description(
      'Shows what measurements left behind: raw samples, settings, machine, versions and the command to repeat each. A record is named by its id, by the first letters of it, or as latest.',
    )
    .addHelpText('after', examples('list', 'show latest', 'compare 3f9 latest'));
  command.addCommand(
    part('list', 'list every record, the newest first', ['list', 'list --json']).action(
      (options: CommonOptions) => list(context, options),
    ),
  );
  command.addCommand(
    part('show', 'show what a record is of and what it found', ['show latest', 'show 3f9 --json'])
      .argument('<id>', 'the record')
      .action((id: string, options: CommonOptions) => show(context, id, options)),
  );
  command.addCommand(
    part('compare', 'show what differs between two records', ['compare 3f9 latest'])
      .argument('<a>', 'the record to start from')
      .argument('<b>', 'the other one')
      .action((a: string, b: string, options: CommonOptions) => compare(context, [a, b], options)),
  );
  command.addCommand(exportCommand(context));
  command.addCommand(
    part('rm', 'remove records, with their samples', ['rm 3f9a', 'rm 3f9a a071 --json'])
      .argument('<ids...>', 'the records')
      .action((ids: readonly string[], options: CommonOptions) => remove(context, ids, options)),
  );
  return command;
}

function exportCommand(context: CliContext): Command {
  return part('export', 'write a record with its samples', [
    'export latest --out run.json',
    'export 3f9 --format csv > requests.csv',
  ])
    .argument('<id>', 'the record')
    .addOption(
      new Option(
        '--format <format>',
        'json: everything; csv, jsonl: one line a request (default by the ending of --out, or json)',
      ).choices(exportFormats),
    )
    .option('--out <file>', 'file to write instead of standard output')
    .action((id: string, options: ExportOptions) => exportOne(context, id, options));
}

/** A command of `headway evidence`, with what they all have. */
function part(name: string, summary: string, uses: readonly string[]): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .option('--home <dir>', 'folder that holds evidence.sqlite (default ~/.headway)')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', examples(...uses));
}

function examples(...uses: readonly string[]): string {
  return ['', 'Examples:', ...uses.map((use) => `  headway evidence ${use}`)].join('\n');
}

function list(context: CliContext, { home, json }: CommonOptions): void {
  using store = openExisting(context, home);
  if (json === true) return printJson(context, store?.list() ?? []);
  const records = store?.readAll() ?? [];
  if (records.length === 0) {
    return printLine(context, `no evidence yet in ${evidencePath(context, home)}`);
  }
  for (const line of formatList(records)) printLine(context, line);
}

function show(context: CliContext, id: string, { home, json }: CommonOptions): void {
  using store = needStore(context, home);
  const record = store.read(store.resolveId(id));
  if (json === true) return printJson(context, record);
  const style = createStyle(context.stdout, context.env);
  for (const line of formatRecord(record, style)) printLine(context, line);
}

function compare(
  context: CliContext,
  [a, b]: readonly [a: string, b: string],
  { home, json }: CommonOptions,
): void {
  using store = needStore(context, home);
  const [left, right] = [store.resolveId(a), store.resolveId(b)];
  const comparison = compareRecords(readMeasured(store, left), readMeasured(store, right));
  if (json === true) return printJson(context, comparison);
  const style = createStyle(context.stdout, context.env);
  for (const line of formatComparison(comparison, style)) printLine(context, line);
}

function readMeasured(store: EvidenceStore, id: string): MeasuredRecord {
  const record = store.read(id);
  const loads = new Map<string, LoadRun>();
  for (const { name, about } of record.runs) {
    const run = restoreRun(store.readColumns(id, name), about);
    if (run !== undefined) loads.set(name, run);
  }
  return { record, loads };
}

async function exportOne(context: CliContext, id: string, options: ExportOptions): Promise<void> {
  using store = needStore(context, options.home);
  const record = store.read(store.resolveId(id));
  const readRun = (name: string) => store.readColumns(record.id, name);
  const format = options.format ?? formatOf(options.out);
  const pieces = exportRecord(record, readRun, format);
  if (options.out === undefined) {
    await printPieces(context.stdout, pieces);
    return;
  }
  const path = resolve(context.cwd, options.out);
  await writePieces(path, pieces);
  if (options.json === true) printJson(context, { id: record.id, format, path });
  else printLine(context, path);
}

/** @throws UsageError for a file whose name does not end as a format does. */
function formatOf(out: string | undefined): ExportFormat {
  if (out === undefined) return 'json';
  const format = exportFormats.find((each) => extname(out) === `.${each}`);
  if (format !== undefined) return format;
  throw new UsageError(
    `--out '${out}' ends in none of .${exportFormats.join(', .')}: say with --format what to write`,
  );
}

/** So short a start is soon typed of a record that is not meant. */
const minRemovedLength = 4;

function remove(context: CliContext, given: readonly string[], options: CommonOptions): void {
  const short = given.find((id) => id.length < minRemovedLength);
  if (short !== undefined) {
    throw new UsageError(
      `'${short}' is too short to remove a record by: give ${minRemovedLength} letters of its id or more`,
    );
  }
  using store = needStore(context, options.home);
  const ids = [...new Set(given.map((id) => store.resolveId(id)))];
  store.remove(ids);
  if (options.json === true) return printJson(context, { removed: ids });
  for (const id of ids) printLine(context, `removed ${id}`);
}

function needStore(context: CliContext, home: string | undefined): EvidenceStore {
  const store = openExisting(context, home);
  if (store !== undefined) return store;
  throw new HeadwayError(
    'not_found',
    `There is no evidence in ${evidencePath(context, home)} yet: \`headway bench\` and \`headway prove\` make some, or name another folder with --home.`,
  );
}

/** Looking at evidence makes no file. */
function openExisting(context: CliContext, home: string | undefined): EvidenceStore | undefined {
  return existsSync(evidencePath(context, home)) ? openStore(context, home) : undefined;
}
