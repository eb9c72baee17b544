import { normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HeadwayError, invalidArgument } from '../../core/error.ts';
import { nearestName } from '../../core/nearest-name.ts';

/** What every reference may carry: the checksum its file must have, as 64 lower-case hex digits. */
interface Pinned {
  readonly sha256: string | undefined;
}

/** A file of this machine; a relative path starts at the working directory. */
export interface FileReference extends Pinned {
  readonly kind: 'file';
  readonly path: string;
}

export interface HttpsReference extends Pinned {
  readonly kind: 'https';
  readonly url: string;
}

/** A file of a Hugging Face model repository, `owner/name` or a bare `name`. */
export interface HuggingFaceReference extends Pinned {
  readonly kind: 'hf';
  readonly repository: string;
  /** A commit, tag or branch. */
  readonly revision: string;
  readonly path: string;
}

/** A file of an npm package; the path starts inside the package's folder. */
export interface NpmReference extends Pinned {
  readonly kind: 'npm';
  readonly packageName: string;
  /** An exact version or a dist-tag. */
  readonly version: string;
  readonly path: string;
}

/** A file of a Python distribution: its wheel, or else its sdist without the top folder. */
export interface PypiReference extends Pinned {
  readonly kind: 'pypi';
  /** In its normal form: lower case, runs of `-_.` made one `-`. */
  readonly packageName: string;
  readonly version: string;
  readonly path: string;
}

/** Where a model file comes from. */
export type SourceReference =
  | FileReference
  | HttpsReference
  | HuggingFaceReference
  | NpmReference
  | PypiReference;

type Kind = SourceReference['kind'];

const forms: Readonly<Record<Kind, { readonly form: string; readonly example: string }>> = {
  file: { form: 'file:PATH', example: 'file:models/resnet50.onnx' },
  https: { form: 'https://HOST/PATH', example: 'https://models.example.com/resnet50.onnx' },
  hf: { form: 'hf:OWNER/NAME@REVISION/PATH', example: 'hf:acme/resnet50@main/onnx/model.onnx' },
  npm: { form: 'npm:PACKAGE@VERSION/PATH', example: 'npm:@acme/models@1.2.0/assets/model.onnx' },
  pypi: { form: 'pypi:PACKAGE==VERSION/PATH', example: 'pypi:acme-models==1.2.0/acme/model.onnx' },
};

/** What people write for a kind by another name. */
const otherNames: Readonly<Record<string, Kind>> = {
  http: 'https',
  huggingface: 'hf',
  npmjs: 'npm',
  node: 'npm',
  pip: 'pypi',
  python: 'pypi',
};

const pinSuffix = /#sha256=([0-9a-f]{64})$/i;
const npmName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;
const npmVersion = /^[0-9a-z][0-9a-z.+-]*$/i;
// The npm client reads a version that ends like an archive as a file of this machine.
const archiveName = /\.(?:tgz|tar|tar\.gz)$/i;
const pypiName = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;
const pypiVersion = /^[0-9a-z][0-9a-z.!+_-]*$/i;
const repositoryName = /^(?:[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/i;
const revisionName = /^[\w][\w.-]*(?:%2F[\w][\w.-]*)*$/i;

/**
 * Reads a model source: `file:`, `https:`, `hf:`, `npm:` or `pypi:`, each with an optional
 * `#sha256=HEX` at its end.
 * @throws HeadwayError `invalid_argument` that names the nearest right form.
 */
export function parseSourceReference(text: string): SourceReference {
  const sha256 = pinSuffix.exec(text)?.[1]?.toLowerCase();
  const bare = text.replace(pinSuffix, '');
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(bare) ?? [];
  if (scheme === undefined || rest === undefined) throw withoutScheme(text);
  if (/#sha256=/i.test(bare)) {
    throw invalidArgument(
      `The model source '${text}' has a checksum that is not 64 hex digits: write '#sha256=' and the 64 digits that 'sha256sum FILE' prints.`,
    );
  }
  switch (scheme.toLowerCase()) {
    case 'file':
      return { kind: 'file', path: parseFilePath(text, rest), sha256 };
    case 'https':
      return { kind: 'https', url: parseHttpsUrl(text, bare), sha256 };
    case 'hf':
      return { ...parseHuggingFace(text, rest), sha256 };
    case 'npm':
      return { ...parseNpm(text, rest), sha256 };
    case 'pypi':
      return { ...parsePypi(text, rest), sha256 };
    default:
      throw unknownScheme(text, scheme);
  }
}

/** Writes a reference in its one canonical form; `parseSourceReference` reads it back. */
export function formatSourceReference(reference: SourceReference): string {
  const pin = reference.sha256 === undefined ? '' : `#sha256=${reference.sha256}`;
  return `${formatLocation(reference)}${pin}`;
}

function formatLocation(reference: SourceReference): string {
  switch (reference.kind) {
    case 'file':
      return `file:${reference.path}`;
    case 'https':
      return reference.url;
    case 'hf': {
      const revision = reference.revision.replaceAll('/', '%2F');
      return `hf:${reference.repository}@${revision}/${reference.path}`;
    }
    case 'npm':
      return `npm:${reference.packageName}@${reference.version}/${reference.path}`;
    case 'pypi':
      return `pypi:${reference.packageName}==${reference.version}/${reference.path}`;
  }
}

function parseFilePath(text: string, rest: string): string {
  if (rest === '' || rest.includes('\0')) throw malformed(text, 'file', 'it names no file');
  if (!rest.startsWith('//')) return normalize(rest);
  try {
    return fileURLToPath(`file:${rest}`);
  } catch {
    throw malformed(text, 'file', 'its file URL names another machine or is malformed');
  }
}

function parseHttpsUrl(text: string, bare: string): string {
  const url = URL.parse(bare);
  if (url === null || url.hostname === '') throw malformed(text, 'https', 'its URL is malformed');
  if (url.username !== '' || url.password !== '') {
    throw malformed(
      text,
      'https',
      'a URL with a user name or password would end up in the lock file',
    );
  }
  if (url.hash !== '') throw malformed(text, 'https', `'${url.hash}' is no checksum`);
  if (url.pathname.endsWith('/')) throw malformed(text, 'https', 'its URL names no file');
  return url.href;
}

function parseHuggingFace(text: string, rest: string): Omit<HuggingFaceReference, 'sha256'> {
  const [, repository = '', revision = '', path = ''] = /^([^@]*)@([^/]*)\/(.*)$/s.exec(rest) ?? [];
  if (path === '') throw malformed(text, 'hf', 'it lacks a repository, a revision or a path');
  if (!repositoryName.test(repository) || repository.includes('..')) {
    throw malformed(text, 'hf', `'${repository}' is no repository name`);
  }
  if (!revisionName.test(revision) || revision.includes('..')) {
    throw malformed(text, 'hf', `'${revision}' is no revision (write '/' inside it as '%2F')`);
  }
  checkPath(text, 'hf', path);
  return { kind: 'hf', repository, revision: revision.replaceAll(/%2F/gi, '/'), path };
}

function parseNpm(text: string, rest: string): Omit<NpmReference, 'sha256'> {
  const [, packageName = '', version = '', path = ''] =
    /^(@?[^@]*)@([^/]*)\/(.*)$/s.exec(rest) ?? [];
  if (path === '') throw malformed(text, 'npm', 'it lacks a package, a version or a path');
  if (!npmName.test(packageName)) {
    throw malformed(text, 'npm', `'${packageName}' is no package name`);
  }
  if (!npmVersion.test(version) || archiveName.test(version)) {
    throw malformed(text, 'npm', `'${version}' is no exact version or dist-tag`);
  }
  checkPath(text, 'npm', path);
  return { kind: 'npm', packageName, version, path };
}

function parsePypi(text: string, rest: string): Omit<PypiReference, 'sha256'> {
  const [, packageName = '', version = '', path = ''] =
    /^([^=]*)==([^/]*)\/(.*)$/s.exec(rest) ?? [];
  if (path === '') throw malformed(text, 'pypi', 'it lacks a package, a version or a path');
  if (!pypiName.test(packageName)) {
    throw malformed(text, 'pypi', `'${packageName}' is no package name`);
  }
  if (!pypiVersion.test(version)) {
    throw malformed(text, 'pypi', `'${version}' is no exact version`);
  }
  checkPath(text, 'pypi', path);
  return { kind: 'pypi', packageName: normalizePypiName(packageName), version, path };
}

/** The one spelling of a Python package's name, as the package index compares them (PEP 503). */
export function normalizePypiName(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}

/** A path inside a package or repository: it must stay there whatever reads it. */
function checkPath(text: string, kind: Kind, path: string): void {
  const isPlain = path
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  if (isPlain && !/[\\\u0000-\u001f\u007f]/.test(path)) return;
  throw malformed(text, kind, `its path '${path}' is not a plain path inside it`);
}

function malformed(text: string, kind: Kind, why: string): HeadwayError {
  const { form, example } = forms[kind];
  return invalidArgument(
    `Cannot read the model source '${text}': ${why}. Write ${form}, such as ${example}`,
  );
}

function unknownScheme(text: string, scheme: string): HeadwayError {
  const nearest = nearestName(scheme, [...Object.keys(otherNames), ...Object.keys(forms)]);
  const kind = nearest === undefined ? undefined : (otherNames[nearest] ?? (nearest as Kind));
  if (kind !== undefined) return malformed(text, kind, `'${scheme}:' is not a kind of source`);
  return invalidArgument(
    `Cannot read the model source '${text}': '${scheme}:' is not a kind of source. Write one of ${listForms()}.`,
  );
}

function withoutScheme(text: string): HeadwayError {
  const isPath = /^[./~]|\.(?:onnx|ort|gguf)$/i.test(text) && !text.includes('@');
  if (isPath)
    return invalidArgument(
      `The model source '${text}' does not say what kind it is. For a file of this machine write file:${text}`,
    );
  return invalidArgument(
    `The model source '${text}' does not say what kind it is. Write one of ${listForms()}.`,
  );
}

function listForms(): string {
  return Object.values(forms)
    .map(({ form }) => form)
    .join(', ');
}
