import {
  type FileDownloadInfoOutput,
  InvalidApiResponseFormatError,
  fileDownloadInfo,
} from '@huggingface/hub';
import { HeadwayError } from '../../../core/error.ts';
import type { FetchContext, FetchedFile } from '../fetch-context.ts';
import { answerError } from '../network/answer-error.ts';
import { download } from '../network/download.ts';
import { createHttpClient } from '../network/http-client.ts';
import type { HuggingFaceReference } from '../reference.ts';

/** A hub as one acquisition speaks to it. */
interface Hub {
  /** `undefined` for the public one. */
  readonly endpoint: string | undefined;
  /** A `fetch` that sends the token and checks where it goes. */
  readonly fetch: typeof globalThis.fetch;
  /** The commit the last answer was about. */
  readonly commit: () => string | undefined;
}

/**
 * Downloads a file of a Hugging Face model repository. `HF_TOKEN` and `HF_ENDPOINT` count as they
 * do for the hub's own clients. A branch is followed to its commit, which the lock file keeps.
 * @throws HeadwayError `not_found` for a repository, revision or file that is not there or that
 * this token may not see; otherwise as `download`.
 */
export async function fetchHuggingFace(
  reference: HuggingFaceReference,
  context: FetchContext,
): Promise<FetchedFile> {
  const { env } = context;
  const endpoint = env['HF_ENDPOINT']?.replace(/\/+$/, '') || undefined;
  const origin = endpoint === undefined ? undefined : URL.parse(endpoint)?.origin;
  const trustedOrigins = [...context.trustedOrigins, ...(origin === undefined ? [] : [origin])];
  const client = createHttpClient({ ...context, trustedOrigins });
  const token = env['HF_TOKEN'];
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  let commit: string | undefined;
  const hub: Hub = {
    endpoint,
    commit: () => commit,
    async fetch(input, init) {
      const sent = { ...Object.fromEntries(new Headers(init?.headers)), ...headers };
      const url = new URL(String(input));
      const response = await client.get(url, { headers: sent, signal: context.signal });
      response.body.destroy();
      const answer = new Headers();
      // What the hub says of a file stands in its redirect to where the bytes are.
      for (const [name, value] of [...response.redirects, response.headers].flatMap(
        Object.entries,
      )) {
        if (value !== undefined) answer.set(name, String(value));
      }
      const isMissingFile = answer.get('x-error-code') === 'EntryNotFound';
      if (response.status >= 400 && !isMissingFile) throw answerError(response);
      commit = answer.get('x-repo-commit') ?? undefined;
      return new Response(null, { status: response.status, headers: answer });
    },
  };
  const revision = context.lockedVersion ?? reference.revision;
  const found = await locate(reference, revision, hub);
  const url = new URL(found.url);
  const path = await download({ client, url, headers, fileName: 'file' }, context);
  return { path, resolved: url.href, version: hub.commit(), sha256: sha256Of(found.etag) };
}

async function locate(
  { repository, path }: HuggingFaceReference,
  revision: string,
  hub: Hub,
): Promise<FileDownloadInfoOutput> {
  try {
    const found = await fileDownloadInfo({
      repo: { type: 'model', name: repository },
      path: path.split('/').map(encodeURIComponent).join('/'),
      revision,
      fetch: hub.fetch,
      ...(hub.endpoint !== undefined && { hubUrl: hub.endpoint }),
    });
    if (found !== null) return found;
  } catch (error) {
    if (!(error instanceof InvalidApiResponseFormatError)) throw error;
    throw new HeadwayError(
      'failed_precondition',
      `The hub does not answer as a hub should for '${repository}': ${error.message}. Check HF_ENDPOINT.`,
      { cause: error },
    );
  }
  throw new HeadwayError(
    'not_found',
    `The repository '${repository}' has no file '${path}' at revision '${revision}'. Look the path up on the repository's files page.`,
  );
}

/** Large files are tagged with their own checksum, small ones with a git hash. */
function sha256Of(etag: string): string | undefined {
  return /^"?([0-9a-f]{64})"?$/.exec(etag)?.[1];
}
