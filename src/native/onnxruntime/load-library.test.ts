import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { koffi } from '../koffi.ts';
import { readApiBase } from './api-base.ts';
import { type NativePointer, supportedApiVersions } from './api-table.ts';
import { findBundledLibrary } from './find-library.ts';
import { loadOnnxRuntimeLibrary } from './load-library.ts';
import { addressOf } from './pointers.ts';

const mending = 'Name another library with --onnxruntime-library FILE.';

test('loadOnnxRuntimeLibrary() says which file it tried and how to name another', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-library-'));
  const text = path.join(folder.path, 'text.so');
  await writeFile(text, 'no library at all');
  // A library that is none of ours, wherever this runs.
  const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
  const foreign = sharedObjects.find((file) => /libc[.-]|libSystem|kernel32/i.test(file));
  assert.ok(foreign !== undefined);
  for (const file of [path.join(folder.path, 'none.so'), text, foreign]) {
    assert.throws(
      () => loadOnnxRuntimeLibrary(file),
      ({ code, message }: Error & { code: string }) => {
        assert.equal(code, 'failed_precondition');
        assert.ok(message.startsWith(`Cannot load ONNX Runtime: '${file}' cannot be used: `));
        assert.ok(message.endsWith(`. ${mending}`), message);
        return true;
      },
    );
  }
  assert.throws(() => loadOnnxRuntimeLibrary(foreign), /OrtGetApiBase/);
});

test('findBundledLibrary() looks beside the code and in node_modules, nearest first', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'headway-library-'));
  const machine = { platform: 'linux', arch: 'arm64' } as const;
  const code = path.join(folder.path, 'dist', 'cli');
  const put = async (...names: readonly string[]): Promise<string> => {
    const file = path.join(folder.path, ...names, 'libonnxruntime.so.1');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '');
    return file;
  };
  assert.throws(() => findBundledLibrary(machine, code), {
    message: `there is no bundled library for linux on arm64: no '${path.join('onnxruntime', 'linux-arm64', 'libonnxruntime.so.1')}' or '${path.join('node_modules', 'onnxruntime-node', 'bin', 'napi-v6', 'linux', 'arm64', 'libonnxruntime.so.1')}' in '${code}' or above it`,
  });
  const installed = await put('node_modules', 'onnxruntime-node', 'bin/napi-v6/linux/arm64');
  assert.equal(findBundledLibrary(machine, code), installed);
  const packaged = await put('dist', 'onnxruntime', 'linux-arm64');
  assert.equal(findBundledLibrary(machine, code), packaged);
  assert.throws(() => findBundledLibrary({ platform: 'sunos', arch: 'x64' }, code), {
    message: 'there is no bundled library for sunos on x64',
  });
});

test('readApiBase() refuses a library whose OrtGetApiBase returns nothing', () => {
  assert.throws(() => readApiBase(null), /its OrtGetApiBase returned nothing/);
});

/** An `OrtApiBase` of this version, that tells which API version it was asked for. */
function fakeBase(version: string, table: NativePointer | null): FakeBase {
  const asked: number[] = [];
  const getApi = (wanted: number): NativePointer | null => {
    asked.push(wanted);
    return table;
  };
  const callbacks = [
    koffi.register(getApi, koffi.pointer(koffi.proto('void*', ['uint32_t']))),
    koffi.register(() => version, koffi.pointer(koffi.proto('const char*', []))),
  ];
  const memory = BigUint64Array.from(callbacks, (callback) => koffi.address(callback));
  return {
    memory,
    asked,
    [Symbol.dispose]: () => callbacks.forEach((callback) => koffi.unregister(callback)),
  };
}

interface FakeBase extends Disposable {
  readonly memory: BigUint64Array;
  readonly asked: readonly number[];
}

test('readApiBase() agrees on the newest API version that both sides know', () => {
  const { path: file } = loadOnnxRuntimeLibrary(undefined);
  const getApiBase = koffi.load(file).func('OrtGetApiBase', 'void*', []) as () => NativePointer;
  const getApi = koffi.decode(
    koffi.decode(getApiBase(), 0, 'void*'),
    koffi.proto('void*', ['uint32_t']),
  ) as (version: number) => NativePointer;
  const { oldest, newest } = supportedApiVersions;
  for (const [version, expected] of [
    [`1.${oldest}.0`, oldest],
    ['1.20.1', 20],
    [`1.${newest}.2`, newest],
    ['1.999.0-dev', newest],
  ] as const) {
    using base = fakeBase(version, getApi(expected));
    const { api, ...rest } = readApiBase(addressOf(base.memory));
    assert.deepEqual(rest, { version, apiVersion: expected });
    assert.deepEqual(base.asked, [expected]);
    assert.equal(typeof api.CreateSession.async, 'function');
  }
});

test('readApiBase() asks nothing of a library too old, of another major version or refusing', () => {
  const { oldest, newest } = supportedApiVersions;
  for (const version of [`1.${oldest - 1}.3`, '2.40.0', 'dev', '']) {
    using base = fakeBase(version, null);
    assert.throws(() => readApiBase(addressOf(base.memory)), {
      message: `it is version '${version}', and version 1.${oldest} of ONNX Runtime or a later 1.x is needed`,
    });
    assert.deepEqual(base.asked, []);
  }
  using base = fakeBase('1.999.0', null);
  assert.throws(() => readApiBase(addressOf(base.memory)), {
    message: `version 1.999.0 refused API version ${newest}`,
  });
});
