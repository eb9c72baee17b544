import { z } from 'zod';
import { HeadwayError } from '../../../core/error.ts';
import { answerError } from '../network/answer-error.ts';
import { type HttpClient, describeUrl } from '../network/http-client.ts';
import { normalizePypiName } from '../reference.ts';

/** A distribution file as a package index lists it. */
export interface IndexFile {
  readonly fileName: string;
  readonly url: URL;
  /** The checksum the index states. */
  readonly sha256: string | undefined;
}

export interface IndexRequest {
  readonly client: HttpClient;
  readonly indexUrl: URL;
  readonly packageName: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const maxPageBytes = 64 * 2 ** 20;
const accepted =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

const jsonPageSchema = z.object({
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/**
 * The files an index has of a package, of every version (the simple API of PEP 503 and PEP 691).
 * None when it does not know the package.
 * @throws HeadwayError as the index answers.
 */
export async function readIndexPage(request: IndexRequest): Promise<IndexFile[]> {
  const { client, indexUrl, packageName, headers, signal } = request;
  const pageUrl = new URL(`${indexUrl.href.replace(/\/+$/, '')}/${packageName}/`);
  const response = await client.get(pageUrl, {
    headers: { ...headers, accept: accepted },
    signal,
  });
  if (response.status === 404) {
    response.body.destroy();
    return [];
  }
  if (response.status !== 200) {
    response.body.destroy();
    throw answerError(response);
  }
  const text = await readText(response.body as AsyncIterable<Uint8Array>, response.url);
  const isJson = /\bjson\b/.test(response.headers['content-type'] ?? '');
  return isJson ? parseJsonPage(text, response.url) : parseHtmlPage(text, response.url);
}

async function readText(body: AsyncIterable<Uint8Array>, url: URL): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxPageBytes) throw badPage(url, `is larger than ${maxPageBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJsonPage(text: string, base: URL): IndexFile[] {
  let page;
  try {
    page = jsonPageSchema.parse(JSON.parse(text));
  } catch (error) {
    throw badPage(base, 'is not in the form of the simple API', error);
  }
  return page.files.flatMap(({ filename, url, hashes }) =>
    indexFile(filename, URL.parse(url, base.href), hashes['sha256']),
  );
}

function parseHtmlPage(text: string, base: URL): IndexFile[] {
  return [...text.matchAll(/<a\b[^>]*?\bhref\s*=\s*(["'])(.*?)\1[^>]*>/gis)].flatMap((match) => {
    const url = URL.parse(unescapeHtml(match[2] ?? ''), base.href);
    if (url === null) return [];
    const sha256 = /[#&]sha256=([0-9a-f]{64})/.exec(url.hash)?.[1];
    url.hash = '';
    const fileName = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
    return indexFile(fileName, url, sha256);
  });
}

function indexFile(fileName: string, url: URL | null, sha256: string | undefined): IndexFile[] {
  return url === null ? [] : [{ fileName, url, sha256 }];
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

export interface DistributionName {
  readonly kind: 'wheel' | 'sdist';
  /** In its normal form. */
  readonly packageName: string;
  readonly version: string;
  /** Of a wheel: which interpreters and platforms it is for, such as `py3-none-any`. */
  readonly tag: string;
}

/** What a distribution's file name says (PEP 427 and 625); `undefined` for other kinds of files. */
export function parseDistributionName(fileName: string): DistributionName | undefined {
  const wheel = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-([^-]+-[^-]+-[^-]+)\.whl$/.exec(fileName);
  if (wheel !== null) {
    const [, name = '', version = '', tag = ''] = wheel;
    return { kind: 'wheel', packageName: normalizePypiName(name), version, tag };
  }
  const sdist = /^(.+)-([^-]+)\.tar\.gz$/.exec(fileName);
  if (sdist === null) return undefined;
  const [, name = '', version = ''] = sdist;
  return { kind: 'sdist', packageName: normalizePypiName(name), version, tag: '' };
}

/** Whether two spellings name one version: case and trailing `.0` do not count (PEP 440). */
export function isSameVersion(a: string, b: string): boolean {
  return normalizeVersion(a) === normalizeVersion(b);
}

function normalizeVersion(version: string): string {
  const plain = version.toLowerCase().replace(/^v/, '').replaceAll(/[-_]/g, '.');
  return /^[\d.]+$/.test(plain) ? plain.replace(/(?:\.0)+$/, '') : plain;
}

function badPage(url: URL, why: string, cause?: unknown): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `The package index page ${describeUrl(url)} ${why}. Check pip's index-url.`,
    { cause },
  );
}
