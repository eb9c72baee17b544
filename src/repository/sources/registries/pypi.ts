import { rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { HeadwayError } from '../../../core/error.ts';
import type { MemberRequest } from '../archive/archive-member.ts';
import { extractTarMember } from '../archive/tar-member.ts';
import { extractZipMember } from '../archive/zip-member.ts';
import type { FetchContext, FetchedFile } from '../fetch-context.ts';
import { download } from '../network/download.ts';
import { createHttpClient } from '../network/http-client.ts';
import type { PypiReference } from '../reference.ts';
import { hashFile } from '../model-store/hash-file.ts';
import { readPipConfig } from './pip-config.ts';
import {
  type IndexFile,
  isSameVersion,
  parseDistributionName,
  readIndexPage,
} from './pypi-index.ts';

interface Distribution extends IndexFile {
  readonly kind: 'wheel' | 'sdist';
  readonly version: string;
  readonly tag: string;
}

/** An index and how it is asked. */
interface Index {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: string | undefined;
}

/**
 * Takes one file out of a Python distribution: the wheel, one for any platform before others, or
 * else the sdist. Indexes and certificates are those of the user's pip; nothing is run.
 * @throws HeadwayError `not_found` without that package, version or file; `data_loss` when a
 * distribution is not what the index promised; otherwise as `download` and the archive readers.
 */
export async function fetchPypi(
  reference: PypiReference,
  context: FetchContext,
): Promise<FetchedFile> {
  const { index, distributions } = await findDistributions(reference, context);
  let missing: unknown;
  for (const distribution of distributions) {
    try {
      const path = await takeFile(distribution, { reference, index, context });
      const { version, url } = distribution;
      return { path, resolved: url.href, version, sha256: undefined };
    } catch (error) {
      const isMissing = error instanceof HeadwayError && error.code === 'not_found';
      if (!isMissing) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/** The wheel to look in first and the sdist to look in then, from the first index that has them. */
async function findDistributions(
  { packageName, version }: PypiReference,
  context: FetchContext,
): Promise<{ index: Index; distributions: Distribution[] }> {
  const { indexUrls, ca } = await readPipConfig(context);
  const indexes = indexUrls.map((url) => parseIndex(url, ca));
  const seen = new Set<string>();
  for (const index of indexes) {
    const { url: indexUrl, headers } = index;
    const client = createClient(index, context, [indexUrl.origin]);
    const { signal } = context;
    const page = await readIndexPage({ client, indexUrl, packageName, headers, signal });
    const files = page.flatMap((file): Distribution[] => {
      const named = parseDistributionName(file.fileName);
      return named?.packageName === packageName ? [{ ...file, ...named }] : [];
    });
    const ofVersion = files.filter((file) => isSameVersion(file.version, version));
    const distributions = [...pickWheel(ofVersion), ...pickSdist(ofVersion)];
    if (distributions.length > 0) return { index, distributions };
    for (const file of files) seen.add(file.version);
  }
  const known = [...seen].slice(-8).join(', ');
  throw new HeadwayError(
    'not_found',
    seen.size === 0
      ? `No package index has a package '${packageName}' (asked: ${indexes.map(({ url }) => url.host).join(', ')}).`
      : `The package '${packageName}' has no version ${version}; it has, among others, ${known}.`,
  );
}

function pickWheel(files: readonly Distribution[]): Distribution[] {
  const wheels = files
    .filter(({ kind }) => kind === 'wheel')
    .sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
  const universal = wheels.filter(({ tag }) => tag.endsWith('-none-any'));
  return (universal.length > 0 ? universal : wheels).slice(0, 1);
}

function pickSdist(files: readonly Distribution[]): Distribution[] {
  return files.filter(({ kind }) => kind === 'sdist').slice(0, 1);
}

interface TakeOptions {
  readonly reference: PypiReference;
  readonly index: Index;
  readonly context: FetchContext;
}

async function takeFile(
  { fileName, kind, url, sha256 }: Distribution,
  { reference, index, context }: TakeOptions,
): Promise<string> {
  const { signal, onProgress, limits, directory } = context;
  // The operator's index says where its files are; only the index itself may be plain http.
  const isTrusted = url.protocol === 'https:' || url.origin === index.url.origin;
  const client = createClient(index, context, isTrusted ? [url.origin] : []);
  const headers = url.origin === index.url.origin ? index.headers : {};
  const archivePath = await download(
    { client, url, headers, fileName: `${kind}.archive` },
    context,
  );
  const { sha256: actual } = await hashFile(archivePath, {
    signal,
    onBytes: (doneBytes) => onProgress({ step: 'verify', doneBytes, totalBytes: undefined }),
  });
  if (sha256 !== undefined && sha256 !== actual) {
    await rm(archivePath);
    throw new HeadwayError(
      'data_loss',
      `${fileName} is not what the package index promised: expected sha256 ${sha256}, got ${actual}. Try again; if it stays so, do not trust this index.`,
    );
  }
  const request: MemberRequest = {
    archiveName: fileName,
    member: reference.path,
    outputPath: join(directory, 'file'),
    maxBytes: limits.maxBytes,
    signal,
    onBytes: (doneBytes) => onProgress({ step: 'extract', doneBytes, totalBytes: undefined }),
  };
  if (kind === 'wheel') await extractZipMember(archivePath, request);
  else await extractTarMember(createReadStream(archivePath), request);
  return request.outputPath;
}

function createClient(
  index: Index,
  context: FetchContext,
  origins: readonly string[],
): ReturnType<typeof createHttpClient> {
  return createHttpClient({
    env: context.env,
    ca: index.ca,
    trustedOrigins: [...context.trustedOrigins, ...origins],
  });
}

/** Moves a user name and password out of an index's URL into a header. */
function parseIndex(text: string, ca: string | undefined): Index {
  const url = URL.parse(text);
  if (url === null) {
    throw new HeadwayError(
      'failed_precondition',
      "pip's index-url is malformed. Check 'pip config list'.",
    );
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  if (username === '') return { url, headers: {}, ca };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, ca };
}
