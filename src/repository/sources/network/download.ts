import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HeadwayError } from '../../../core/error.ts';
import { type FetchContext, tooLarge } from '../fetch-context.ts';
import { type HttpClient, type HttpResponse, describeUrl } from './http-client.ts';
import { dropPartialFile, isRestOf, readPartialFile, startPartialFile } from './partial-file.ts';
import { answerError } from './answer-error.ts';

export interface DownloadRequest {
  readonly client: HttpClient;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** The name of the file inside the acquisition's folder. */
  readonly fileName: string;
}

interface Attempt extends DownloadRequest {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly onBytes: (doneBytes: number, totalBytes: number | undefined) => void;
}

interface Extent {
  readonly startBytes: number;
  readonly totalBytes: number | undefined;
}

/**
 * Downloads a file into the acquisition's folder, going on where an earlier try stopped if the
 * server says it is still the same file, and trying again when a connection breaks.
 * @returns the file's path.
 * @throws HeadwayError `not_found`, `permission_denied` or `unauthenticated` as the server answers;
 * `resource_exhausted` past the size limit; `unavailable` when it kept failing; the signal's reason
 * when that is aborted.
 */
export async function download(request: DownloadRequest, context: FetchContext): Promise<string> {
  const { limits, signal, onProgress } = context;
  const path = join(context.directory, request.fileName);
  let failures = 0;
  let furthestBytes = 0;
  const attempt: Attempt = {
    ...request,
    path,
    signal,
    maxBytes: limits.maxBytes,
    onBytes(doneBytes, totalBytes) {
      // A server that never lets one get further than before counts as failing.
      if (doneBytes > furthestBytes) failures = 0;
      furthestBytes = Math.max(furthestBytes, doneBytes);
      onProgress({ step: 'download', doneBytes, totalBytes });
    },
  };
  for (;;) {
    try {
      await downloadOnce(attempt);
      return path;
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      const isPassing = error instanceof HeadwayError && error.code === 'unavailable';
      if (!isPassing || failures >= limits.maxAttempts) throw error;
    }
    const delayMs = limits.retryDelayMs * 2 ** (failures - 1);
    await pause(delayMs, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}

async function downloadOnce(attempt: Attempt): Promise<void> {
  const partial = await readPartialFile(attempt.path);
  if (partial !== undefined && partial.haveBytes === partial.totalBytes) return;
  const resume = partial && {
    range: `bytes=${partial.haveBytes}-`,
    'if-range': partial.validator,
  };
  const response = await attempt.client.get(attempt.url, {
    headers: { ...attempt.headers, ...resume },
    signal: attempt.signal,
  });
  try {
    if (response.status === 200) {
      assertPlain(response);
      const totalBytes = await startPartialFile(attempt.path, response);
      await receive(attempt, response, { startBytes: 0, totalBytes });
    } else if (response.status === 206 && partial !== undefined && isRestOf(partial, response)) {
      const { haveBytes, totalBytes } = partial;
      await receive(attempt, response, { startBytes: haveBytes, totalBytes });
    } else if (response.status === 206 || response.status === 416) {
      await dropPartialFile(attempt.path);
      throw new HeadwayError('unavailable', `${describeUrl(response.url)} sent the wrong range.`);
    } else {
      throw answerError(response);
    }
  } finally {
    response.body.destroy();
  }
}

async function receive(attempt: Attempt, response: HttpResponse, extent: Extent): Promise<void> {
  const { startBytes, totalBytes } = extent;
  const { maxBytes } = attempt;
  const where = describeUrl(response.url);
  if (totalBytes !== undefined && totalBytes > maxBytes) throw tooLarge(where, maxBytes);
  await using file = await open(attempt.path, startBytes === 0 ? 'w' : 'a');
  let doneBytes = startBytes;
  for await (const chunk of withoutBreak(response)) {
    doneBytes += chunk.byteLength;
    if (doneBytes > maxBytes) throw tooLarge(where, maxBytes);
    await file.writeFile(chunk);
    attempt.onBytes(doneBytes, totalBytes);
  }
  if (totalBytes !== undefined && doneBytes !== totalBytes) {
    throw new HeadwayError('unavailable', `${where} sent ${doneBytes} of ${totalBytes} bytes.`);
  }
}

/** The chunks of an answer; a connection that breaks is told from a disk that fails. */
async function* withoutBreak({ body, url }: HttpResponse): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new HeadwayError('unavailable', `The connection to ${url.origin} broke off.`, { cause });
  }
}

function assertPlain({ headers, url }: HttpResponse): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  throw new HeadwayError(
    'failed_precondition',
    `${describeUrl(url)} answers in content encoding '${encoding}' although plain bytes were asked for.`,
  );
}
