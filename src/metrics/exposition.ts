import type { Histogram } from './histogram.ts';

export type Labels = ReadonlyMap<string, string>;

/** One line, or one set of lines, of a metric. */
export type Sample =
  | { readonly kind: 'value'; readonly labels: Labels; readonly value: number }
  | { readonly kind: 'histogram'; readonly labels: Labels; readonly histogram: Histogram };

/** A metric with everything that is known of it. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

/**
 * Writes metrics in the Prometheus text format 0.0.4. A family without samples is left out.
 * Source: prometheus.io/docs/instrumenting/exposition_formats.
 */
export function renderFamilies(families: readonly MetricFamily[]): string {
  let text = '';
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const sample of samples) text += renderSample(name, sample);
  }
  return text;
}

/** Turns any text into a label name: every character a name may not have becomes `_`. */
export function labelName(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_]/g, '_');
  return /^[0-9]/.test(name) || name === '' ? `_${name}` : name;
}

function renderSample(name: string, sample: Sample): string {
  const { labels } = sample;
  if (sample.kind === 'value') return line(name, renderLabels(labels), sample.value);
  const { histogram } = sample;
  let text = '';
  let cumulative = 0;
  for (const [index, bucketCount] of histogram.bucketCounts.entries()) {
    cumulative += bucketCount;
    const edge = histogram.edges[index] ?? Infinity;
    text += line(`${name}_bucket`, renderLabels(labels, formatValue(edge)), cumulative);
  }
  const rendered = renderLabels(labels);
  text += line(`${name}_sum`, rendered, histogram.sum);
  return text + line(`${name}_count`, rendered, histogram.count);
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels} ${formatValue(value)}\n`;
}

function renderLabels(labels: Labels, upperEdge?: string): string {
  const pairs: string[] = [];
  for (const [name, value] of labels) pairs.push(`${name}="${escapeLabelValue(value)}"`);
  if (upperEdge !== undefined) pairs.push(`le="${upperEdge}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabelValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
