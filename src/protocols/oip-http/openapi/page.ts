import { createHash } from 'node:crypto';
import { type DescribedRoute, describeRoutes, refusalsOf } from './document.ts';
import { answerRows, escapeHtml, requestPart, schemaSection } from './page-parts.ts';
import { pageStyle } from './page-style.ts';

export interface PageOptions {
  readonly version: string;
  readonly needsKey: boolean;
  /** Scheme, host and port under which the reader reaches the server. */
  readonly baseUrl: string;
}

/**
 * The routes that are served as one HTML page that needs nothing else: no script, no font, no image.
 */
export function renderDocsPage(
  routes: readonly DescribedRoute['route'][],
  options: PageOptions,
): string {
  const shown = describeRoutes(routes).filter(({ route }) => !route.path.includes('/{version}'));
  const groups = Map.groupBy(shown, ({ operation }) => operation.tag);
  const names = [...groups.keys(), 'Schemas'];
  const links = names.map((name) => `<a href="#${anchor(name)}">${escapeHtml(name)}</a>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Headway HTTP interface</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>Headway <small>${escapeHtml(options.version)}</small></h1>
<p>The Open Inference Protocol v2 over HTTP, with extensions of Triton Inference Server: what this
server answers, as it runs now. For programs: <a href="/v2/openapi.json">openapi.json</a>.</p>
<nav>${links}</nav>
</header>
<main>
${[...groups].map(([tag, described]) => groupSection(tag, described, options)).join('\n')}
${schemaSection()}
</main>
</body>
</html>
`;
}

/** The headers of the page: it may do nothing but show itself, in its own style. */
export function pageHeaders(): readonly string[] {
  const styleHash = createHash('sha256').update(pageStyle).digest('base64');
  return [
    'Content-Type',
    'text/html; charset=utf-8',
    'Content-Security-Policy',
    `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'X-Content-Type-Options',
    'nosniff',
  ];
}

/** The fragment of a section's address. */
function anchor(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}

function groupSection(
  tag: string,
  described: readonly DescribedRoute[],
  options: PageOptions,
): string {
  const parts = described.map((it) => operationPart(it, options));
  return `<section id="${anchor(tag)}">\n<h2>${escapeHtml(tag)}</h2>\n${parts.join('\n')}\n</section>`;
}

function operationPart({ route, operation }: DescribedRoute, options: PageOptions): string {
  const { method, path, plane } = route;
  const refusals = { ...refusalsOf(plane, operation, options.needsKey), ...operation.bareRefusals };
  return `<details id="${operation.id}">
<summary><b class="${method.toLowerCase()}">${method}</b> <code>${escapeHtml(path)}</code> <span>${escapeHtml(operation.summary)}</span></summary>
<pre>${escapeHtml(curlOf({ route, operation }, options))}</pre>
${requestPart(operation)}
<table><tr><th>status</th><th>meaning</th><th>body</th></tr>${answerRows(operation, refusals)}</table>
</details>`;
}

function curlOf({ route, operation }: DescribedRoute, options: PageOptions): string {
  const { method, path, plane } = route;
  const words = ['curl -s'];
  if (operation.answer?.json === undefined) words.push('-i');
  if (method !== 'GET') words.push(`-X ${method}`);
  if (options.needsKey && plane !== 'health') words.push('-H "Authorization: Bearer $KEY"');
  if (operation.example !== undefined) words.push(`-d '${JSON.stringify(operation.example)}'`);
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
  return [...words, `'${options.baseUrl}${target}'`].join(' ');
}
