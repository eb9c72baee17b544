import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { loadRun } from '../../testing/load-run.ts';
import { summarize } from '../summary/summarize.ts';
import type { Chart } from './chart.ts';
import { loadReport } from './load-report.ts';
import { pageScript } from './page-script.ts';
import { reportHtml } from './report-html.ts';

const hostile = `</script><script>alert(1)</script><img src=x onerror='a()'>"&`;

const finding = {
  clause: { metric: 'latency', quantile: 0.99, limitMs: 10 },
  requestCount: 500,
  missCount: 5,
  effectiveCount: 400,
  allowedMissShare: 0.01,
  missShareLower: 0.002,
  missShareUpper: 0.03,
  binomialLower: 0.003,
  binomialUpper: 0.02,
  parts: [],
} as const;

function page(): string {
  const run = loadRun(
    Array.from({ length: 500 }, (_, row) => ({
      intendedMs: row * 10,
      endMs: row * 10 + 5 + (row % 7),
      queueMs: 1,
      computeMs: 3,
      ...(row % 100 === 99 ? { outcome: 'failed' as const } : {}),
    })),
    { reasons: new Map([[hostile, 5]]) },
  );
  return reportHtml(
    loadReport({
      title: `Bench ${hostile}`,
      verdict: {
        kind: 'notEnoughData',
        confidence: 0.95,
        reason: hostile,
        secondsNeeded: 12.2,
        isRising: false,
        invalidReasons: [hostile],
        clauses: [finding],
      },
      facts: [
        [hostile, 'name'],
        ['command', `headway bench ${hostile}`],
      ],
      runs: [{ name: hostile, run, summary: summarize(run) }],
      slo: { latency: [finding.clause] },
    }),
  );
}

/** Reads a page strictly: every element closed in its order, every attribute quoted. */
function elementsOf(html: string): { name: string; attributes: Map<string, string> }[] {
  const found: { name: string; attributes: Map<string, string> }[] = [];
  const open: string[] = [];
  let at = 0;
  while (at < html.length) {
    const start = html.indexOf('<', at);
    if (start < 0) break;
    const match = /^<(\/?)([a-zA-Z!][a-zA-Z0-9]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/.exec(
      html.slice(start),
    );
    assert.ok(match, `not an element: ${html.slice(start, start + 60)}`);
    const [whole, slash, name = '', attributeText = '', selfClosing] = match;
    at = start + whole.length;
    if (slash === '/') {
      assert.equal(open.pop(), name);
      continue;
    }
    const attributes = new Map(
      [...attributeText.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    );
    found.push({ name, attributes });
    if (name === 'script' || name === 'style') at = html.indexOf(`</${name}`, at);
    if (!['meta', '!doctype'].includes(name) && selfClosing === '') open.push(name);
  }
  assert.deepEqual(open, []);
  return found;
}

test('reportHtml() writes a page whose elements are sound, whatever its texts hold', () => {
  const elements = elementsOf(page());
  const scripts = elements.filter(({ name }) => name === 'script');
  assert.deepEqual(
    scripts.map(({ attributes }) => attributes.get('type')),
    ['application/json', undefined],
  );
  assert.equal(elements.filter(({ name }) => name === 'img').length, 0);
  assert.equal(elements.filter(({ name }) => name === 'svg').length, 6);
});

test('reportHtml() writes a page that names no other place and has no handler or style of its own', () => {
  for (const { name, attributes } of elementsOf(page())) {
    for (const [key, value] of attributes) {
      assert.ok(!/^(?:src|href|xlink:href|srcset|style|on.*)$/.test(key), `${name} ${key}`);
      assert.ok(key === 'content' || !/url\((?!#)/.test(value), `${name} ${key}`);
    }
    assert.ok(!['link', 'iframe', 'object', 'embed', 'base', 'form'].includes(name));
  }
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page()) ?? [];
  assert.ok(!/url\(|@import|https?:/.test(style));
  assert.ok(!/https?:|import|fetch|XMLHttpRequest|eval/.test(pageScript()));
});

test('reportHtml() lets the page run its own script and style, and nothing else', () => {
  const html = page();
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(html) ?? [];
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
  assert.match(policy, /default-src 'none'/);
  for (const [name, text] of [
    ['script', script],
    ['style', style],
  ] as const) {
    const hash = createHash('sha256').update(text).digest('base64');
    assert.ok(policy.includes(`${name}-src 'sha256-${hash}'`));
  }
  assert.ok(!policy.includes('unsafe'));
});

test('reportHtml() carries the charts as data that reads back', () => {
  const [, data = ''] = /id="charts">(.*?)<\/script>/s.exec(page()) ?? [];
  const charts = JSON.parse(data) as Chart[];
  assert.deepEqual(
    charts.map(({ id }) => id),
    ['chart0', 'chart1', 'chart2', 'chart3', 'chart4', 'chart5'],
  );
  assert.equal(charts[0]?.marks?.[0]?.name, 'limit of p99');
});

test('reportHtml() says the verdict, and what it rests on', () => {
  const html = page();
  assert.match(html, /class="verdict open">NOT ENOUGH DATA at 95% confidence: /);
  assert.match(html, /about 13 s more are needed/);
  assert.match(html, /<td>p99=10ms<\/td>.*0\.2% to 3%.*0\.3% to 2%/);
});
