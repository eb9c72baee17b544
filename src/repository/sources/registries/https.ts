import type { FetchContext, FetchedFile } from '../fetch-context.ts';
import { download } from '../network/download.ts';
import { createHttpClient } from '../network/http-client.ts';
import type { HttpsReference } from '../reference.ts';

/** Downloads the file of an `https:` reference. @throws as `download`. */
export async function fetchHttps(
  reference: HttpsReference,
  context: FetchContext,
): Promise<FetchedFile> {
  const url = new URL(reference.url);
  const client = createHttpClient(context);
  const path = await download({ client, url, headers: {}, fileName: 'file' }, context);
  return { path, resolved: reference.url, version: undefined, sha256: undefined };
}
