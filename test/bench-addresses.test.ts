import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RunningServer, createServer } from '../src/cli/create-server.ts';
import {
  clientCertificate,
  serverCertificate,
  strangerCertificate,
  testAuthority,
} from '../src/testing/certificates.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { type CommandFolder, createCommandFolder } from './support/run-command.ts';
import { type TestRepository, createTestRepository } from './support/serve.ts';

const short = ['--duration', '200ms', '--warmup', '0s', '--no-evidence'] as const;

let repository: TestRepository;
let folder: CommandFolder;
let plain: RunningServer;
let secured: RunningServer;
let mutual: RunningServer;
const owned = new AsyncDisposableStack();

before(async () => {
  repository = owned.use(
    await createTestRepository({
      'models/add/1/model.onnx': addModel({ elements: 4 }),
      'ca.pem': testAuthority,
      'server.pem': serverCertificate.certificate,
      'server.key': serverCertificate.key,
      'client.pem': clientCertificate.certificate,
      'client.key': clientCertificate.key,
      'stranger.pem': strangerCertificate.certificate,
      'stranger.key': strangerCertificate.key,
    }),
  );
  folder = owned.use(await createCommandFolder());
  const { root } = repository;
  const ports = { httpPort: 0, grpcPort: 0, metricsPort: 0 };
  const settings = { ...ports, modelRepositories: [`${root}/models`] };
  const tls = { tlsCertificate: `${root}/server.pem`, tlsKey: `${root}/server.key` };
  plain = owned.use(await createServer(settings));
  secured = owned.use(await createServer({ ...settings, ...tls }));
  mutual = owned.use(await createServer({ ...settings, ...tls, tlsClientCa: `${root}/ca.pem` }));
});
after(() => owned[Symbol.asyncDispose]());

function file(name: string): string {
  return `${repository.root}/${name}`;
}

function grpc({ urls }: RunningServer, scheme: 'http' | 'https' | 'grpc' | 'grpcs'): string {
  return `${scheme}://${urls.grpc}`;
}

/** Why nothing was measured. */
async function refused(code: 1 | 2, ...args: readonly string[]): Promise<string> {
  const run = await folder.run(['bench', ...args, ...short]);
  assert.deepEqual([run.code, run.stdout], [code, ''], run.stderr);
  assert.match(run.stderr, /^headway: [^\n]*\n$/);
  return run.stderr;
}

describe('headway bench, at a wrong address', () => {
  const asked = ['--model', 'add'] as const;

  test('names the protocol that is spoken there, and the address to write', async () => {
    const cases = [
      [grpc(plain, 'http'), `gRPC \\(HTTP/2\\) without TLS\\. Write ${grpc(plain, 'grpc')},`],
      [grpc(secured, 'http'), `with TLS\\. Write ${grpc(secured, 'grpcs')},`],
      [grpc(secured, 'grpc'), `with TLS\\. Write ${grpc(secured, 'grpcs')},`],
      [plain.urls.http.replace('http', 'grpc'), `HTTP/1\\.1 .*Write ${plain.urls.http},`],
      [plain.urls.http.replace('http', 'https'), `without TLS\\. Write ${plain.urls.http},`],
      [secured.urls.http.replace('https', 'http'), `with TLS\\. Write ${secured.urls.http},`],
      [plain.urls.metrics, 'GET /v2 was answered with 404.*not 8002, that of metrics'],
      ['grpc://127.0.0.1:1', 'the connection was refused\\. Start the server, or mend'],
      ['http://127.0.0.1:1', 'the connection was refused\\. Start the server, or mend'],
    ] as const;
    for (const [url, text] of cases) {
      const told = await refused(1, url, ...asked);
      assert.match(told, new RegExp(`^headway: No answer from ${url}: .*${text}`));
      assert.match(told, /Nothing was measured\.\n$/);
    }
  });

  test('names the models there are where none was named', async () => {
    assert.match(await refused(1, plain.urls.http), /Add --model NAME; it has: add\./);
    assert.match(await refused(2, grpc(plain, 'grpc')), /add --model NAME; it has: add\./);
  });

  test('exits with 2 for what is wrong on the command line', async () => {
    const { http } = plain.urls;
    for (const [message, ...args] of [
      [/'127\.0\.0\.1:8000' is no address/, '127.0.0.1:8000'],
      [/'ftp:\/\/x' is no address/, 'ftp://x'],
      [/'x' is no address/, http, '--vs', 'x'],
      [/no variable dimension .*it has a\.0, b\.0/, http, ...asked, '--dimension', 'k=3'],
      [/no input 'zz'; it has a, b/, http, ...asked, '--input', 'zz=f'],
      [/--ca is for addresses that begin with https/, http, '--ca', 'x'],
      [/--cert and --key belong together/, secured.urls.http, '--cert', 'x'],
      [/--ca 'none' cannot be used: there is no such/, secured.urls.http, '--ca', 'none'],
      [/must hold certificates in PEM/, secured.urls.http, '--ca', file('server.key')],
    ] as const) {
      assert.match(await refused(2, ...args), message);
    }
  });
});

describe('headway bench, with TLS', () => {
  test('measures a server whose certificate it is told to trust', async () => {
    for (const url of [secured.urls.http, grpc(secured, 'grpcs')]) {
      assert.match(await refused(1, url, '--model', 'add'), /not trusted .*with --ca FILE\./);
      await measures(url, '--model', 'add', '--ca', file('ca.pem'));
    }
    await measures(`${secured.urls.http}/v2`, '--ca', file('ca.pem'));
  });

  test('shows its certificate to a server that wants one', async () => {
    const trusted = ['--model', 'add', '--ca', file('ca.pem')] as const;
    for (const url of [mutual.urls.http, grpc(mutual, 'grpcs')]) {
      assert.match(await refused(1, url, ...trusted), /--cert FILE and --key FILE\./);
      await measures(url, ...trusted, ...own('client'));
    }
    assert.match(await refused(1, mutual.urls.http, ...trusted, ...own('stranger')), /not take/);
  });

  function own(name: string): readonly string[] {
    return ['--cert', file(`${name}.pem`), '--key', file(`${name}.key`)];
  }

  /** On a busy machine the generator may be late, which does not matter here. */
  async function measures(...args: readonly string[]): Promise<void> {
    const { stdout, stderr } = await folder.run(['bench', ...args, ...short, '--json']);
    assert.notEqual(stdout, '', stderr);
    const { runs } = JSON.parse(stdout) as { runs: { outcomes: Record<string, number> }[] };
    assert.deepEqual(Object.keys(runs[0]?.outcomes ?? {}), ['ok']);
  }
});
