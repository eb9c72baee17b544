import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import type { EvidenceStart } from './evidence.ts';
import { openEvidenceStore } from './evidence-store.ts';
import type { Processes } from './record-owner.ts';
import { migrate, readPragma } from './schema.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headway-test-'));
  path = join(folder, 'home', 'evidence.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

const clock = createManualClock();
const own = { host: 'a', boot: 'b', pidSpace: 's', pid: 7, started: '100' };
const alive: Processes = { own, startOf: () => '100' };
const gone: Processes = { own, startOf: () => undefined };

const start: EvidenceStart = {
  kind: 'bench',
  command: 'headway bench http://localhost:8000 --model m',
  cwd: '/tmp',
  url: 'http://localhost:8000',
  model: 'm',
  seed: 2 ** 52 + 1,
  settings: { arrival: { kind: 'poisson', rate: 100 } },
  server: { name: 'headway', config: { max_batch_size: 8 } },
};
const place = { machine: { cpu: { model: 'x' } }, versions: { node: '24' } };

function open(processes: Processes = alive) {
  return openEvidenceStore(path, { clock, processes });
}

describe('openEvidenceStore()', () => {
  test('keeps a record with its samples, for the next process', () => {
    const columns = {
      intendedMs: Float64Array.of(0, 1.5, 3),
      endMs: Float64Array.of(4, Number.NaN, 7),
      outcome: Uint8Array.of(0, 3, 0),
      starts: Uint32Array.of(0, 2, 2, 9),
    };
    let id = '';
    {
      using store = open();
      using writer = store.begin(start, place);
      id = writer.id;
      writer.addRun('seed 1', columns, { warmupMs: 1, reasons: { timeout: 1 } });
      writer.addRun('seed 2', {});
      writer.finish({ p99Ms: 12.5 }, 'PROVED');
      assert.throws(() => writer.finish({}), { code: 'failed_precondition' });
    }
    using store = open(gone);
    const record = store.read(id);
    assert.partialDeepStrictEqual(record, { ...start, ...place });
    assert.partialDeepStrictEqual(record, {
      state: 'finished',
      verdict: 'PROVED',
      result: { p99Ms: 12.5 },
      reason: null,
      begunAtMs: clock.epochMs(),
      endedAtMs: clock.epochMs(),
      runCount: 2,
    });
    const [first, second] = record.runs;
    assert.deepEqual(first?.about, { warmupMs: 1, reasons: { timeout: 1 } });
    assert.deepEqual(
      first?.columns.map(({ name, datatype, length }) => [name, datatype, length]),
      [
        ['intendedMs', 'float64', 3],
        ['endMs', 'float64', 3],
        ['outcome', 'uint8', 3],
        ['starts', 'uint32', 4],
      ],
    );
    assert.deepEqual(second, { name: 'seed 2', about: {}, columns: [] });
    assert.deepEqual(store.readColumns(id, 'seed 1'), columns);
    assert.throws(() => store.readColumns(id, 'sed 1'), { message: /did you mean 'seed 1'/ });
  });

  test('tells how records ended, or that they never did', () => {
    using store = open();
    store.begin(start, place);
    using failed = store.begin(start, place);
    failed.fail('the server is gone');
    store.begin(start, place)[Symbol.dispose]();
    using broken = store.begin(start, place);
    const measured = { state: 'partial', reason: 'stopped', result: { runs: 1 } } as const;
    broken.breakOff({ ...measured, verdict: 'notEnoughData' });
    assert.partialDeepStrictEqual(store.read(broken.id), { ...measured, verdict: 'notEnoughData' });
    assert.deepEqual(
      store.list().map(({ state, reason }) => [state, reason]),
      [
        ['partial', 'stopped'],
        ['partial', 'stopped before the measurement ended'],
        ['failed', 'the server is gone'],
        ['running', null],
      ],
    );
    assert.deepEqual(
      store.readAll(),
      store.list().map(({ id }) => store.read(id)),
    );
    using later = open(gone);
    assert.equal(later.list()[3]?.state, 'partial');
  });

  test('finds records by the start of their id, and by latest', () => {
    using store = open();
    assert.throws(() => store.resolveId('latest'), { code: 'not_found', message: /none at all/ });
    const ids = Array.from({ length: 20 }, () => store.begin(start, place).id);
    const last = ids.at(-1)!;
    assert.equal(store.resolveId('latest'), last);
    assert.equal(store.resolveId(last), last);
    assert.equal(store.resolveId(last.slice(0, 9).toUpperCase()), last);
    assert.throws(() => store.resolveId('latst'), { message: /did you mean 'latest'\?$/ });
    assert.throws(() => store.resolveId('zzz'), { code: 'not_found', message: /evidence list/ });
    assert.throws(() => store.resolveId(''), { code: 'not_found' });
    const crowded = '0123456789abcdef'.split('').find((digit) => {
      return ids.filter((id) => id.startsWith(digit)).length > 1;
    })!;
    assert.throws(() => store.resolveId(crowded), {
      code: 'invalid_argument',
      message: /Several records begin with '.': \w{10}, .*give more of the id/,
    });
  });

  test('removes records with their samples, and gives the room back', () => {
    using store = open();
    const noise = Float64Array.from({ length: 50_000 }, () => Math.random());
    using writer = store.begin(start, place);
    writer.addRun('a', { noise });
    assert.throws(() => store.remove([writer.id]), { message: /still being written/ });
    writer.finish({});
    const other = store.begin(start, place);
    const sizeBefore = statSync(path).size + statSync(`${path}-wal`).size;
    assert.throws(() => store.remove([writer.id, other.id]), { code: 'failed_precondition' });
    assert.throws(() => store.remove([writer.id, 'none']), { code: 'not_found' });
    assert.equal(store.read(writer.id).runCount, 1);
    store.remove([writer.id]);
    assert.throws(() => store.read(writer.id), { code: 'not_found' });
    assert.ok(statSync(path).size + statSync(`${path}-wal`).size < sizeBefore / 4);
    using database = new DatabaseSync(path);
    assert.equal(database.prepare('SELECT count(*) AS n FROM sample_column').get()?.['n'], 0);
  });

  test('tells a writer that its record is gone', () => {
    using store = open(gone);
    using writer = store.begin(start, place);
    store.remove([writer.id]);
    assert.throws(() => writer.addRun('a', {}), { code: 'aborted' });
    writer.fail('nobody hears it');
  });

  test('names a file that is not ours, and leaves it as it is', () => {
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'headway-test-'));
    path = join(folder, 'evidence.sqlite');
    {
      using other = new DatabaseSync(path);
      other.exec('CREATE TABLE notes (text TEXT)');
    }
    for (const message of [/evidence\.sqlite' is no evidence file: it is a database of another/]) {
      const before = readFileSync(path);
      assert.throws(() => open(), { code: 'failed_precondition', message });
      assert.deepEqual(readFileSync(path), before);
    }
    writeFileSync(path, 'name,value\n'.repeat(1000));
    assert.throws(() => open(), { code: 'failed_precondition', message: /not one of SQLite/ });
    assert.throws(() => openEvidenceStore(folder, { clock, processes: alive }), {
      code: 'failed_precondition',
      message: /cannot be opened/,
    });
    assert.throws(() => openEvidenceStore(join(path, 'x', 'y'), { clock, processes: alive }), {
      code: 'failed_precondition',
      message: /cannot be made \(ENOTDIR\)/,
    });
  });

  test('names a file that is damaged', () => {
    {
      using store = open();
      using writer = store.begin(start, place);
      writer.addRun('a', { noise: Float64Array.from({ length: 9000 }, () => Math.random()) });
      writer.finish({});
    }
    const bytes = readFileSync(path);
    for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0xee, at, at + 64);
    writeFileSync(path, bytes);
    assert.throws(
      () => {
        using store = open();
        store.list();
        store.readColumns(store.resolveId('latest'), 'a');
      },
      { code: 'data_loss', message: /evidence\.sqlite' is damaged; move it away/ },
    );
  });

  test('names the run whose samples are damaged', () => {
    using store = open();
    using writer = store.begin(start, place);
    writer.addRun('a', { x: Float64Array.of(1) });
    {
      using database = new DatabaseSync(path);
      database.exec("UPDATE sample_column SET data = x'00'");
    }
    assert.throws(() => store.readColumns(writer.id, 'a'), {
      code: 'data_loss',
      message: new RegExp(`\\(record ${writer.id}, run 'a', column 'x'\\)\\.$`),
    });
  });

  test('refuses a file of a newer version', () => {
    open()[Symbol.dispose]();
    {
      using database = new DatabaseSync(path);
      database.exec('PRAGMA user_version = 99');
    }
    assert.throws(() => open(), { message: /is of version 99, and this Headway knows up to 2/ });
  });
});

describe('migrate()', () => {
  const steps = ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (1)', 'ALTER TABLE a ADD COLUMN y'];

  test('goes through the steps that are missing, once', () => {
    using database = new DatabaseSync(':memory:');
    migrate(database, 'f', steps.slice(0, 2));
    migrate(database, 'f', steps);
    migrate(database, 'f', steps);
    assert.deepEqual(database.prepare('SELECT * FROM a').all(), [
      Object.assign(Object.create(null), { x: 1, y: null }),
    ]);
    assert.equal(readPragma(database, 'user_version'), 3);
  });

  test('leaves the file as it was when a step fails', () => {
    using database = new DatabaseSync(':memory:');
    migrate(database, 'f', steps.slice(0, 1));
    assert.throws(() => migrate(database, 'f', [...steps, 'CREATE TABLE a (x)']));
    assert.equal(readPragma(database, 'user_version'), 1);
    assert.equal(database.prepare('SELECT count(*) AS n FROM a').get()?.['n'], 0);
  });
});
