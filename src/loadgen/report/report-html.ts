import { createHash } from 'node:crypto';
import type { Chart } from './chart.ts';
import { drawChart, escapeText, fullView } from './draw-chart.ts';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';

/** A table of a report. Cells of the columns named in `numberColumns` stand to the right. */
export interface ReportTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numberColumns?: readonly number[];
}

export interface ReportSection {
  readonly title: string;
  /** Why what follows does not count. */
  readonly alert?: string | undefined;
  /** Paragraphs before the tables. */
  readonly texts?: readonly string[];
  readonly tables?: readonly ReportTable[];
  readonly charts?: readonly Chart[];
}

/** A report, before it is a page. Every text may come from outside: the page escapes it. */
export interface Report {
  readonly title: string;
  readonly verdict?: {
    readonly tone: 'good' | 'bad' | 'open';
    readonly text: string;
  };
  /** What was measured, where and how: name and value, such as `command`. */
  readonly facts: readonly (readonly [string, string])[];
  readonly sections: readonly ReportSection[];
}

/**
 * Writes a report as one page that needs nothing but itself: it names no other place, and its
 * policy lets it load nothing and run no script but its own. Without scripts its charts are
 * pictures. Chart ids are made distinct by their place.
 */
export function reportHtml(report: Report): string {
  const charts: Chart[] = [];
  const sections = report.sections.map((section) => {
    const own = (section.charts ?? []).map((chart) => {
      const distinct = { ...chart, id: `chart${charts.length}` };
      charts.push(distinct);
      return chartHtml(distinct);
    });
    const texts = (section.texts ?? []).map((text) => `<p>${escapeText(text)}</p>`);
    const tables = (section.tables ?? []).map(tableHtml);
    const title = `<h2>${escapeText(section.title)}</h2>`;
    const alert = section.alert === undefined ? [] : [boxHtml('bad', section.alert)];
    return `<section>${[title, ...alert, ...texts, ...tables, ...own].join('\n')}</section>`;
  });
  const script = pageScript();
  const policy = `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(pageStyle)}'; base-uri 'none'; form-action 'none'`;
  const { verdict } = report;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(report.title)}</title>`,
    `<style>${pageStyle}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escapeText(report.title)}</h1>`,
    verdict ? boxHtml(verdict.tone, verdict.text) : '',
    factsHtml(report.facts),
    ...sections,
    '</main>',
    `<script type="application/json" id="charts">${scriptData(charts)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function boxHtml(tone: NonNullable<Report['verdict']>['tone'], text: string): string {
  return `<p class="verdict ${tone}">${escapeText(text)}</p>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** JSON that holds nothing that could end the element it is in. */
function scriptData(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function factsHtml(facts: Report['facts']): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeText(name)}</th><td><code>${escapeText(value)}</code></td></tr>`,
  );
  return `<table>${rows.join('\n')}</table>`;
}

function tableHtml({ head, rows, numberColumns = [] }: ReportTable): string {
  const cells = (name: 'th' | 'td', texts: readonly string[]): string =>
    texts
      .map((text, column) => {
        const kind = numberColumns.includes(column) ? ' class="number"' : '';
        const scope = name === 'th' ? ' scope="col"' : '';
        return `<${name}${scope}${kind}>${escapeText(text)}</${name}>`;
      })
      .join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<div class="wide"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function chartHtml(chart: Chart): string {
  const legend = chart.series.map(
    ({ name }, place) =>
      `<button type="button" class="c${place % 8}" data-series="${place}" aria-pressed="true">${escapeText(name)}</button>`,
  );
  const keys = [
    ['+', 'Zoom in'],
    ['-', 'Zoom out'],
    ['0', 'Show all'],
  ].map(([key, name]) => `<button type="button" data-key="${key}">${name}</button>`);
  return [
    `<figure data-chart="${chart.id}">`,
    `<figcaption><h3>${escapeText(chart.title)}</h3></figcaption>`,
    `<div class="legend">${[...legend, ...keys].join('')}</div>`,
    `<div class="plot" tabindex="0" role="group" aria-label="${escapeText(chart.title)}: arrow keys move the cursor, plus and minus zoom, 0 shows all">`,
    drawChart(chart, fullView(chart)),
    '</div>',
    '<p class="readout" role="status"></p>',
    `<p class="note">${escapeText(chart.note)}</p>`,
    '</figure>',
  ].join('\n');
}
