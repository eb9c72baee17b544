import { join } from 'node:path';
import type { Transform } from 'node:stream';
import pacote from 'pacote';
import { type ErrorCode, HeadwayError } from '../../../core/error.ts';
import { extractTarMember } from '../archive/tar-member.ts';
import { type FetchContext, type FetchedFile, tooLarge } from '../fetch-context.ts';
import type { NpmReference } from '../reference.ts';
import { readNpmConfig } from './npm-config.ts';

const codes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  E401: ['unauthenticated', "The npm registry wants credentials (run 'npm login') for"],
  E403: ['permission_denied', 'The npm registry refuses to hand out'],
  E404: ['not_found', 'The npm registry has no such package'],
  ETARGET: ['not_found', 'The npm registry has the package, but not this version'],
  EINTEGRITY: ['data_loss', 'The tarball is not what the npm registry promised'],
};

/**
 * Takes one file out of a package of the npm registry, by npm's own client: registry, credentials
 * and proxy are those of the user's npm. The tarball's integrity is checked against the registry's
 * word; no script of the package is run and nothing else of it is written.
 * @throws HeadwayError `not_found` without that package, version or file; `data_loss` when the
 * tarball is not what the registry promised; `unavailable` when it cannot be reached.
 */
export async function fetchNpm(
  reference: NpmReference,
  context: FetchContext,
): Promise<FetchedFile> {
  const { packageName } = reference;
  const version = context.lockedVersion ?? reference.version;
  const { scoped, ...config } = await readNpmConfig(context);
  const options = { ...scoped, ...config, signal: context.signal };
  try {
    const manifest = await pacote.manifest(`${packageName}@${version}`, options);
    const exact = `${packageName}@${manifest.version}`;
    const { tarball: resolved, integrity, shasum } = manifest.dist;
    if (!integrity && !shasum) {
      throw new HeadwayError(
        'failed_precondition',
        `The npm registry states no checksum for ${exact}, so what it sends cannot be checked.`,
      );
    }
    const path = join(context.directory, 'file');
    await pacote.tarball.stream(
      exact,
      (tarball) => takeFile(tarball, { exact, member: reference.path, outputPath: path }, context),
      // With these two npm's own cache counts; without them the client asks the registry itself.
      { ...options, ...(integrity && { resolved, integrity }) },
    );
    return { path, resolved, version: manifest.version, sha256: undefined };
  } catch (error) {
    context.signal.throwIfAborted();
    throw asHeadwayError(error, `${packageName}@${version}`);
  }
}

interface Wanted {
  /** The package as `name@version`. */
  readonly exact: string;
  readonly member: string;
  readonly outputPath: string;
}

/** May be called again: npm's client tries a damaged copy of its cache before the registry. */
async function takeFile(
  tarball: Transform,
  { exact, ...wanted }: Wanted,
  { signal, limits, onProgress }: FetchContext,
): Promise<void> {
  const stop = (): void => void tarball.destroy(signal.reason);
  signal.addEventListener('abort', stop);
  let doneBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of tarball as AsyncIterable<Uint8Array>) {
      doneBytes += chunk.byteLength;
      if (doneBytes > limits.maxBytes) throw tooLarge(exact, limits.maxBytes);
      onProgress({ step: 'download', doneBytes, totalBytes: undefined });
      yield chunk;
    }
  }
  try {
    await extractTarMember(counted(), {
      ...wanted,
      archiveName: exact,
      maxBytes: limits.maxBytes,
      signal,
      onBytes: () => {},
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function asHeadwayError(error: unknown, spec: string): HeadwayError {
  if (error instanceof HeadwayError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const known = codes[code];
  if (known === undefined) {
    return new HeadwayError(
      'unavailable',
      `The npm registry did not deliver ${spec} (${code}). Check the network and npm's own configuration.`,
      { cause: error },
    );
  }
  return new HeadwayError(known[0], `${known[1]}: ${spec}.`, { cause: error });
}
