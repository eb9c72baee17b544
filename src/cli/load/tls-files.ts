import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../usage-error.ts';
import type { CommonOptions } from './common-options.ts';

/** What a connection with TLS is made with, in PEM form; left out where nothing was given. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Makes sure that the options about TLS go together and with an address.
 * @throws UsageError for a certificate without its key, and where no address has TLS.
 */
export function checkTlsOptions(urls: readonly string[], { ca, cert, key }: CommonOptions): void {
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key belong together: give both, or neither');
  }
  const given = ca !== undefined ? '--ca' : cert !== undefined ? '--cert' : undefined;
  if (given === undefined || urls.some((url) => /^(?:https|grpcs):/.test(url))) return;
  throw new UsageError(
    `${given} is for addresses that begin with https:// or grpcs://, and '${urls.join("', '")}' is asked without TLS`,
  );
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};

/**
 * Reads the files of `--ca`, `--cert` and `--key`.
 * @throws UsageError for a file that is missing, or holds something else.
 */
export async function readTlsFiles(cwd: string, options: CommonOptions): Promise<TlsFiles> {
  const read = async (name: 'ca' | 'cert' | 'key', what: string): Promise<TlsFiles> => {
    const file = options[name];
    if (file === undefined) return {};
    try {
      const text = await readFile(resolve(cwd, file), 'utf8');
      const parsed = name === 'key' ? createPrivateKey(text) : new X509Certificate(text);
      return parsed === undefined ? {} : { [name]: text };
    } catch (thrown) {
      const why = unreadable[(thrown as NodeJS.ErrnoException).code ?? ''];
      throw new UsageError(
        `--${name} '${file}' cannot be used: ${why ?? `it must hold ${what} in PEM form`}`,
      );
    }
  };
  return {
    ...(await read('ca', 'certificates')),
    ...(await read('cert', 'a certificate')),
    ...(await read('key', 'a private key without a password')),
  };
}
