import { variableDimensions } from '../dimension-names.ts';
import { formatBytes } from '../progress.ts';
import type { Style } from '../style.ts';
import { formatTable, plainText } from '../text-table.ts';
import { type DeclaredTensor, formatDeclaredShape } from './model-signature.ts';
import type { ModelSummary } from './summarize-model.ts';

const shownOperators = 40;

/** A model's summary as lines for people. */
export function formatSummary(summary: ModelSummary, style: Style): string[] {
  const { file, externalData } = summary;
  return [
    style.bold(plainText(file.path)),
    ...formatTable([
      ['file', fileText(summary)],
      ['producer', producerText(summary)],
      ['format', formatText(summary)],
      ['parameters', parametersText(summary)],
      ['cost', costText(summary)],
      ['batching', `${summary.batching.capable ? 'yes' : 'no'}: ${summary.batching.reason}`],
    ]),
    ...(externalData.problem === null ? [] : [style.red(`  ! ${plainText(externalData.problem)}`)]),
    '',
    style.bold('inputs'),
    ...tensorLines(summary.inputs),
    style.bold('outputs'),
    ...tensorLines(summary.outputs),
    '',
    style.bold(`operators (${summary.operators.total})`),
    ...operatorLines(summary),
    ...datatypeLines(summary, style),
    ...metadataLines(summary, style),
  ];
}

function fileText({ file, externalData }: ModelSummary): string {
  const files = externalData.files.map(
    ({ location, bytes }) => `${location}${bytes === null ? '' : ` (${formatBytes(bytes)})`}`,
  );
  const others = files.length === 0 ? '' : `, and weights in ${files.join(', ')}`;
  return `${formatBytes(file.bytes)}${others}`;
}

function producerText({ producer }: ModelSummary): string {
  return `${producer.name} ${producer.version}`.trim() || 'not stated';
}

function formatText({ irVersion, opsets }: ModelSummary): string {
  const sets = opsets.map(({ domain, version }) => `${domain} ${version}`).join(', ');
  return `ONNX, IR version ${irVersion}, operator sets ${sets}`;
}

function parametersText({ parameters }: ModelSummary): string {
  return `${formatCount(parameters.count)} in ${formatBytes(parameters.bytes)}`;
}

function costText({ cost, inputs }: ModelSummary): string {
  const { countedOperators: counted, totalOperators: total } = cost;
  if (total === 0) return 'no convolutions or matrix products';
  const share = `${counted} of ${total} convolutions and matrix products`;
  const amount = `${formatCount(cost.macs)} MACs, ${formatCount(cost.flops)} FLOPs an item`;
  if (counted === total) return `${amount}; counted ${share}`;
  // The first dimension counts as one item.
  const batch = inputs.map(({ name, dimensionNames }) => dimensionNames[0] ?? `${name}.0`);
  const open = variableDimensions(inputs).filter((name) => !batch.includes(name));
  const hint =
    open.length === 0
      ? ''
      : `; the rest depends on ${open.join(', ')}, given with --dimension NAME=SIZE`;
  const least = counted === 0 ? 'not known' : `at least ${amount}`;
  return `${least}; counted ${share}${hint}`;
}

function tensorLines(tensors: readonly DeclaredTensor[]): string[] {
  if (tensors.length === 0) return ['  none'];
  return formatTable(
    tensors.map((tensor) => [
      tensor.name,
      tensor.datatype,
      formatDeclaredShape(tensor),
      ...(tensor.optional ? ['optional'] : []),
    ]),
  );
}

function operatorLines({ operators }: ModelSummary): string[] {
  const entries = Object.entries(operators.counts);
  const shown = formatTable(
    entries.slice(0, shownOperators).map(([name, count]) => [String(count), name]),
    { rightColumns: [0] },
  );
  const left = entries.slice(shownOperators);
  const leftCount = left.reduce((sum, [, count]) => sum + count, 0);
  return left.length === 0
    ? shown
    : [...shown, `  and ${leftCount} of ${left.length} more kinds; --json lists them`];
}

function datatypeLines({ parameters }: ModelSummary, style: Style): string[] {
  const rows = Object.entries(parameters.byDatatype).map(([name, { tensors, count, bytes }]) => [
    name,
    `${tensors} ${tensors === 1 ? 'tensor' : 'tensors'}`,
    `${formatCount(count)} elements`,
    formatBytes(bytes),
  ]);
  if (rows.length === 0) return [];
  return ['', style.bold('parameters'), ...formatTable(rows, { rightColumns: [1, 2, 3] })];
}

function metadataLines({ metadata }: ModelSummary, style: Style): string[] {
  const rows = Object.entries(metadata).map(([key, value]) => [key, shorten(value)]);
  return rows.length === 0 ? [] : ['', style.bold('metadata'), ...formatTable(rows)];
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A count as people read it: `999`, `25.6 k`, `4.09 G`. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  const exponent = Math.min(4, Math.floor(Math.log10(count) / 3));
  const scaled = count / 1000 ** exponent;
  return `${scaled.toPrecision(Math.max(3, String(Math.trunc(scaled)).length))} ${['', 'k', 'M', 'G', 'T'][exponent]}`;
}
