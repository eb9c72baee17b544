import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildTarGz, buildZip } from '../../testing/build-archive.ts';
import { answerFile, startLoopbackServer } from '../../testing/loopback-server.ts';
import {
  type Site,
  setUpSources,
  sha256Of,
  weights,
  weightsSha256,
} from '../../testing/sources-setup.ts';
import { resolveModelSource } from './resolve-model-source.ts';

function npmSite(origin: string, { isTampered = false } = {}): Site {
  const tarball = buildTarGz([
    { name: 'package/package.json', data: Buffer.from('{"scripts":{"install":"exit 1"}}') },
    { name: 'package/assets/m.onnx', data: weights },
  ]);
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const dist = { tarball: `${origin}/npm/@acme/models/-/models-1.2.0.tgz`, integrity };
  const manifest = { name: '@acme/models', version: '1.2.0', dist };
  const packument = {
    name: '@acme/models',
    'dist-tags': { latest: '1.2.0' },
    versions: { '1.2.0': manifest },
  };
  const sent = isTampered
    ? buildTarGz([{ name: 'package/assets/m.onnx', data: weights }])
    : tarball;
  return {
    '/npm/@acme%2fmodels': Buffer.from(JSON.stringify(packument)),
    '/npm/@acme/models/-/models-1.2.0.tgz': sent,
  };
}

test('acquire() takes a file out of an npm package', async () => {
  await using at = await setUpSources((origin) => npmSite(origin));
  const found = await at.get('npm:@acme/models@latest/assets/m.onnx');
  assert.deepEqual(await readFile(found.path), weights);
  const [entry] = [...(await at.store.entries()).values()];
  assert.equal(entry?.version, '1.2.0');
  await assert.rejects(at.get('npm:@acme/models@1.2.0/assets/none.onnx'), {
    code: 'not_found',
    message: /assets\/m\.onnx/,
  });
  await assert.rejects(at.get('npm:@acme/models@9.0.0/x'), { code: 'not_found' });
  await assert.rejects(at.get('npm:acme@1.0.0/x'), { code: 'not_found' });
});

test('acquire() refuses an npm tarball that is not what the registry promised', async () => {
  await using at = await setUpSources((origin) => npmSite(origin, { isTampered: true }));
  await assert.rejects(at.get('npm:@acme/models@1.2.0/assets/m.onnx'), { code: 'data_loss' });
});

interface PypiOptions {
  readonly isHtml?: boolean;
  readonly isTampered?: boolean;
}

function pypiSite({ isHtml = false, isTampered = false }: PypiOptions = {}): Site {
  const wheel = buildZip([{ name: 'acme/m.onnx', data: weights }]);
  const sdist = buildTarGz([{ name: 'acme_models-1.2/extra/s.onnx', data: weights }]);
  const files = [
    { name: 'acme_models-1.2-cp312-cp312-linux_x86_64.whl', data: Buffer.from('not this one') },
    { name: 'acme_models-1.2-py3-none-any.whl', data: wheel },
    { name: 'acme_models-1.2.tar.gz', data: sdist },
    { name: 'acme_models-1.1-py3-none-any.whl', data: Buffer.from('nor this one') },
  ].map((file) => ({ ...file, sha256: isTampered ? 'ab'.repeat(32) : sha256Of(file.data) }));
  const page = isHtml
    ? files.map(({ name, sha256 }) => `<a\n href="../files/${name}#sha256=${sha256}">${name}</a>`)
    : [
        JSON.stringify({
          files: files.map(({ name, sha256 }) => ({
            filename: name,
            url: `../files/${name}`,
            hashes: { sha256 },
          })),
        }),
      ];
  const type = isHtml ? 'text/html' : 'application/vnd.pypi.simple.v1+json';
  return {
    '/pypi/acme-models/': (_, response) =>
      response.writeHead(200, { 'content-type': type }).end(page.join('\n')),
    ...Object.fromEntries(files.map(({ name, data }) => [`/pypi/files/${name}`, data])),
  };
}

test('acquire() takes a file out of a wheel, or else out of the sdist', async () => {
  for (const isHtml of [false, true]) {
    await using at = await setUpSources(() => pypiSite({ isHtml }));
    const found = await at.get('pypi:Acme.Models==1.2.0/acme/m.onnx');
    assert.deepEqual(await readFile(found.path), weights);
    assert.match(found.resolved, /acme_models-1\.2-py3-none-any\.whl$/);
    const other = await at.get('pypi:acme-models==1.2/extra/s.onnx');
    assert.match(other.resolved, /acme_models-1\.2\.tar\.gz$/);
    await assert.rejects(at.get('pypi:acme-models==1.2/none'), {
      code: 'not_found',
      message: /acme\/m\.onnx/,
    });
    await assert.rejects(at.get('pypi:acme-models==3/x'), {
      code: 'not_found',
      message: /no version 3; it has, among others, 1\.2, 1\.1/,
    });
    await assert.rejects(at.get('pypi:other==1/x'), { code: 'not_found', message: /127\.0\.0\.1/ });
    assert.deepEqual(await readdir(join(at.storeDirectory, 'partial')), []);
  }
});

test('acquire() refuses a wheel that is not what the index promised', async () => {
  await using at = await setUpSources(() => pypiSite({ isTampered: true }));
  await assert.rejects(at.get('pypi:acme-models==1.2/acme/m.onnx'), {
    code: 'data_loss',
    message: /not what the package index promised/,
  });
});

test('acquire() sends the credentials of an index to that index only', async () => {
  await using files = await startLoopbackServer((_, response) => response.writeHead(404).end());
  await using at = await setUpSources(() => ({
    '/pypi/acme/': (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<a href="${files.origin}/acme-1-py3-none-any.whl">x</a>`),
  }));
  const PIP_INDEX_URL = `${at.origin.replace('//', '//user:p%40ss@')}/pypi`;
  const changes = {
    env: { ...at.options.env, PIP_INDEX_URL },
    trustedOrigins: [files.origin],
  };
  await assert.rejects(at.get('pypi:acme==1/x', changes), { code: 'not_found' });
  const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
  assert.equal(at.server.requests[0]?.headers.authorization, basic);
  assert.equal(files.requests[0]?.headers.authorization, undefined);
});

interface HubOptions {
  readonly commit: string;
  readonly sha256?: string;
  readonly cdn: string;
}

/** A hub's answers for one large file: what it knows of it, and a redirect to the bytes. */
function hubSite({ commit, sha256 = weightsSha256, cdn }: HubOptions): Site {
  const redirect: Site[string] = (_, response) =>
    response
      .writeHead(302, {
        location: `${cdn}/blob?signature=x`,
        'x-repo-commit': commit,
        'x-linked-etag': `"${sha256}"`,
      })
      .end();
  return {
    '/hub/acme/net/resolve/main/onnx/m%20x.onnx': redirect,
    [`/hub/acme/net/resolve/${commit}/onnx/m%20x.onnx`]: redirect,
    '/hub/acme/net/resolve/main/none.onnx': (_, response) =>
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end(),
    '/hub/acme/net/resolve/gone/none.onnx': (_, response) =>
      response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end(),
    '/hub/acme/private/resolve/main/x': (_, response) => response.writeHead(403).end(),
  };
}

test('acquire() downloads from a hub, by its commit when it fetches again', async () => {
  const commit = 'c0ffee'.repeat(6).padEnd(40, '0');
  await using cdn = await startLoopbackServer((request, response) =>
    answerFile(request, response, { data: weights, etag: '"cdn"' }),
  );
  await using at = await setUpSources(() => hubSite({ commit, cdn: cdn.origin }));
  const changes = { trustedOrigins: [cdn.origin] };
  const found = await at.get('hf:acme/net@main/onnx/m x.onnx', changes);
  assert.deepEqual(await readFile(found.path), weights);
  assert.equal((await at.store.entries()).get('hf:acme/net@main/onnx/m x.onnx')?.version, commit);
  for (const { headers } of at.server.requests)
    assert.equal(headers.authorization, 'Bearer secret');
  for (const { headers } of cdn.requests) assert.equal(headers.authorization, undefined);
  await rm(found.path);
  await at.get('hf:acme/net@main/onnx/m x.onnx', changes);
  assert.match(at.server.requests.at(-1)?.path ?? '', new RegExp(`/resolve/${commit}/`));
});

test('acquire() refuses a hub file that is not what the hub promised', async () => {
  await using cdn = await startLoopbackServer((request, response) =>
    answerFile(request, response, { data: weights, etag: '"cdn"' }),
  );
  const sha256 = 'ab'.repeat(32);
  await using at = await setUpSources(() => hubSite({ commit: 'c0', sha256, cdn: cdn.origin }));
  await assert.rejects(at.get('hf:acme/net@main/onnx/m x.onnx', { trustedOrigins: [cdn.origin] }), {
    code: 'data_loss',
    message: /the source wants/,
  });
});

test('acquire() does not follow a hub to an address that is not public', async () => {
  await using at = await setUpSources(() =>
    hubSite({ commit: 'c0', cdn: 'https://169.254.169.254' }),
  );
  await assert.rejects(at.get('hf:acme/net@main/onnx/m x.onnx'), { code: 'permission_denied' });
});

test('acquire() tells what a hub does not have from what it refuses', async () => {
  await using at = await setUpSources((cdn) => hubSite({ commit: 'c0', cdn }));
  await assert.rejects(at.get('hf:acme/net@main/none.onnx'), {
    code: 'not_found',
    message: /no file 'none\.onnx' at revision 'main'/,
  });
  await assert.rejects(at.get('hf:acme/net@gone/none.onnx'), { code: 'not_found' });
  await assert.rejects(at.get('hf:acme/private@main/x'), { code: 'permission_denied' });
  await assert.rejects(at.get('hf:acme/none@main/x'), { code: 'not_found' });
});

test('resolveModelSource() fetches only what is allowed', async () => {
  await using at = await setUpSources((origin) => npmSite(origin));
  const source = 'npm:@acme/models@1.2.0/assets/m.onnx';
  await assert.rejects(
    resolveModelSource(source, at.store, { ...at.options, allowedSources: ['hf:'] }),
    { code: 'permission_denied' },
  );
  assert.equal(at.server.requests.length, 0);
  const options = { ...at.options, allowedSources: ['npm:@acme/'] };
  assert.equal((await resolveModelSource(source, at.store, options)).sha256, weightsSha256);
});
