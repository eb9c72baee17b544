import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { beginEvidence } from '../src/cli/evidence/begin-evidence.ts';
import { storeRun } from '../src/cli/evidence/stored-run.ts';
import { createSystemClock } from '../src/core/clock.ts';
import type { EvidenceSummary } from '../src/store/evidence-record.ts';
import { evidenceStart, madeRun } from './support/evidence.ts';

const main = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');
const writerMain = join(import.meta.dirname, 'support', 'evidence-process.ts');

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'headway-test-'));
});
afterEach(() => rm(home, { recursive: true }));

async function finished(child: ChildProcess) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Runs `headway evidence` on the store in `home`. */
function evidence(...args: readonly string[]) {
  return finished(spawn(process.execPath, [main, 'evidence', ...args, '--home', home]));
}

async function answer(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await evidence(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function failure(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await evidence(...args);
  assert.deepEqual([code, stdout], [1, ''], stderr);
  assert.match(stderr, /^headway: [^\n]+\n$/);
  return stderr;
}

async function listed(): Promise<readonly EvidenceSummary[]> {
  return JSON.parse(await answer('list', '--json')) as readonly EvidenceSummary[];
}

function startWriter(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [writerMain, home, ...args]);
}

/** Writes a record in this process. @returns its id. */
function write({ seed = 1, slowerMs = 0, runs = ['main'] } = {}): string {
  const context = { clock: createSystemClock(), env: {}, cwd: home };
  const settings = { ...evidenceStart.settings, concurrency: seed };
  using writer = beginEvidence(context, { ...evidenceStart, settings, seed, home });
  for (const [index, run] of runs.entries()) {
    storeRun(writer, run, madeRun(300, { seed: seed + index, slowerMs }), { seed: index });
  }
  writer.finish({ p99Ms: 24 }, seed === 1 ? 'proved' : undefined);
  return writer.id;
}

function assertHealthy(path: string): void {
  using database = new DatabaseSync(path);
  const [row] = database.prepare('PRAGMA integrity_check').all();
  assert.equal(row?.['integrity_check'], 'ok');
  assert.deepEqual(database.prepare('PRAGMA foreign_key_check').all(), []);
}

describe('headway evidence', () => {
  test('lists, shows and removes records', async () => {
    assert.match(await answer('list'), /^no evidence yet in .*evidence\.sqlite\n$/);
    assert.equal(await answer('list', '--json'), '[]\n');
    assert.match(await failure('show', 'latest'), /no evidence in .* yet/);
    assert.deepEqual(await readdir(home), [], 'looking makes no file');
    const [first, second] = [write(), write({ seed: 2 })];
    const lines = (await answer('list')).trimEnd().split('\n');
    assert.match(lines[0]!, /^id +kind +begun +took +ended +runs +load +result +model +url$/);
    assert.match(
      lines[1]!,
      new RegExp(`^${second} +bench .* finished +1 +2 in flight +– +det +http://localhost`),
    );
    assert.match(lines[2]!, new RegExp(`^${first} +bench .* proved +1 `));
    const shown = await answer('show', first.slice(0, 9));
    assert.match(shown, /\n {2}headway bench http:\/\/localhost:8000 --model det --rate 100\n/);
    assert.match(shown, /\n {2}arrival\.ratePerSecond +100\n/);
    assert.match(shown, /\n {2}cpu\.flags +\S/);
    assert.match(shown, /\n {2}node +24\./);
    assert.match(shown, /\n {2}main +300 rows +\d.*B +intendedMs sentMs/);
    const record = JSON.parse(await answer('show', 'latest', '--json')) as EvidenceSummary;
    assert.equal(record.id, second);
    assert.match(await failure('show', 'latst'), /did you mean 'latest'\?/);
    assert.match(await failure('rm', first, 'nothing'), /no record 'nothing'/);
    assert.match((await evidence('rm', first.slice(0, 3))).stderr, /too short to remove a record/);
    assert.equal(await answer('rm', first), `removed ${first}\n`);
    assert.deepEqual(JSON.parse(await answer('rm', 'latest', '--json')), { removed: [second] });
    assert.deepEqual(await listed(), []);
  });

  test('compares how records were made and what they measured', async () => {
    const [a, b] = [write(), write({ seed: 2, slowerMs: 30 })];
    const compared = await answer('compare', a, b);
    assert.match(compared, /\nsettings\n +A +B\n +seed +1 +2\n +concurrency +1 +2\n/);
    assert.match(
      compared,
      /\n {2}latency p50 ms +[\d.]+ +[\d.]+ +\+[\d.]+ +\+[\d.]+ to \+[\d.]+ +B is slower\n/,
    );
    assert.doesNotMatch(compared, /pairs/);
    const runs2 = ['main', 'more', 'most'];
    const [c, d] = [write({ runs: runs2 }), write({ runs: runs2, slowerMs: 3 })];
    const paired = await answer('compare', c, d);
    assert.match(paired, /\nmean over the runs on one schedule, in pairs\n/);
    const found =
      /in pairs\n.*\n(?: .*\n)* {2}latency p50 ms +\S+ +\S+ +\+3\.00 +\+3\.00 to \+3\.00 +B is slower\n/;
    assert.match(paired, found);
    assert.match(
      await answer('compare', a, c),
      /\nruns that only one has\n.*\n +more +– +measured\n/,
    );
    const same = await answer('compare', a, a);
    assert.doesNotMatch(same, /B is/);
    assert.match(same, /made in the same way, on the same machine/);
    const parsed = JSON.parse(await answer('compare', a, b, '--json')) as unknown;
    assert.partialDeepStrictEqual(parsed, {
      a: { id: a },
      settings: [
        { path: 'seed', a: '1', b: '2' },
        { path: 'concurrency', a: '1', b: '2' },
      ],
      runs: [{ name: 'main', counts: [{ name: 'requests', a: 290, b: 290 }] }],
      pairedLatencyMs: [],
    });
  });

  test('exports samples as they were', async () => {
    const id = write();
    const { samples } = madeRun(300);
    const file = join(home, 'x.csv');
    assert.equal(await answer('export', id, '--out', file), `${file}\n`);
    const [head, ...rows] = (await readFile(file, 'utf8')).trimEnd().split('\n');
    assert.match(head!, /^run,index,isWarmup,outcome,intendedMs,sentMs,/);
    assert.equal(rows.length, 300);
    assert.equal(
      rows[20],
      `"main",20,false,ok,200,${samples.sentMs[20]},${samples.firstByteMs[20]},${samples.endMs[20]},,4`,
    );
    const lines = (await answer('export', id, '--format', 'jsonl')).trimEnd().split('\n');
    assert.partialDeepStrictEqual(JSON.parse(lines[299]!), {
      run: 'main',
      index: 299,
      outcome: 'timeout',
      intendedMs: 2990,
    });
    const whole = JSON.parse(await answer('export', id)) as Record<string, unknown>;
    assert.partialDeepStrictEqual(whole, { id, seed: 1, result: { p99Ms: 24 } });
    const [run] = whole['runs'] as { columns: Record<string, (number | null)[]> }[];
    assert.deepEqual(
      run?.columns['endMs'],
      Array.from(samples.endMs, (time) => (Number.isNaN(time) ? null : time)),
    );
    const into = join(home, 'no', 'x.json');
    assert.match(await failure('export', id, '--out', into), /cannot be written \(ENOENT\)/);
    const other = await evidence('export', id, '--out', join(home, 'x.txt'));
    assert.equal(other.code, 2);
    assert.match(other.stderr, /ends in none of \.json, \.csv, \.jsonl/);
    const { code, stderr } = await evidence('export', id, '--format', 'xml');
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are json, csv, jsonl/);
  });

  test('says which file is not one of evidence, and leaves it as it is', async () => {
    const path = join(home, 'evidence.sqlite');
    await writeFile(path, 'notes, not evidence\n'.repeat(100));
    assert.match(await failure('list'), /evidence\.sqlite' is no evidence file/);
    assert.equal(await readFile(path, 'utf8'), 'notes, not evidence\n'.repeat(100));
    await rm(path);
    write();
    const bytes = await readFile(path);
    for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0xee, at, at + 64);
    await writeFile(path, bytes);
    assert.match(await failure('list'), /evidence\.sqlite' is damaged/);
  });
});

describe('the evidence file', () => {
  test('is whole after its writer is killed, which leaves a record marked partial', async () => {
    for (let round = 1; round <= 3; round += 1) {
      const writer = startWriter('forever', '20000');
      const ended = once(writer, 'exit');
      let said = '';
      for await (const piece of writer.stdout!) {
        said += String(piece);
        // Killed at some moment of the writes that follow.
        if (said.split('\n').length > 1 + round) break;
      }
      const [id = '', ...added] = said.trimEnd().split('\n');
      if (round === 1) assert.match(await failure('rm', id), /still being written/);
      writer.kill('SIGKILL');
      await ended;
      assertHealthy(join(home, 'evidence.sqlite'));
      const [record] = await listed();
      assert.partialDeepStrictEqual(record, { id, state: 'partial', endedAtMs: null });
      assert.ok(record!.runCount >= added.length, 'what was kept before stays');
      assert.match(await answer('list'), new RegExp(`^${id} +bench .* partial `, 'm'));
    }
    assert.equal((await answer('export', 'latest', '--format', 'jsonl')).includes('\n'), true);
  });

  test('takes several writers and readers at once, and is made by whoever comes first', async () => {
    const writers = Array.from({ length: 4 }, () => finished(startWriter('20', '2000')));
    while ((await listed()).length < 1);
    for (const { code, stderr } of await Promise.all(writers)) assert.equal(code, 0, stderr);
    const records = await listed();
    assert.deepEqual(
      records.map(({ state, runCount }) => [state, runCount]),
      Array.from({ length: 4 }, () => ['finished', 20]),
    );
    assertHealthy(join(home, 'evidence.sqlite'));
  });

  test('keeps what was measured before a limit on file sizes', async () => {
    const script = 'ulimit -f 1200; exec "$0" "$@"';
    const args = ['-c', script, process.execPath, writerMain, home, '50', '20000'];
    const limited = spawn('sh', args);
    const { code, stdout, stderr } = await finished(limited);
    assert.equal(code, 1);
    assert.match(stderr, /evidence\.sqlite' could not be read or written; look whether its disk/);
    const [record] = await listed();
    assert.partialDeepStrictEqual(record, {
      id: stdout.trim(),
      state: 'failed',
      reason: 'the samples could not be kept',
    });
    assert.ok(record!.runCount > 0);
    assertHealthy(join(home, 'evidence.sqlite'));
  });

  test('keeps what was measured before the disk was full', { skip: !canMount() }, async () => {
    const script = `
      mount -t tmpfs -o size=2m none "$0" && mkdir "$0/home" || exit 9
      "$1" "$2" "$0/home" 50 20000; echo "code $?"
      "$1" "$3" evidence list --json --home "$0/home" > "$0.json"; echo "code $?"
      "$1" "$3" evidence rm latest --home "$0/home"; echo "code $?"
      "$1" "$2" "$0/home" 1 100 > /dev/null; echo "code $?"`;
    const args = ['-rm', 'sh', '-c', script, home, process.execPath, writerMain, main];
    const child = spawn('unshare', args);
    const { stdout, stderr } = await finished(child);
    assert.match(stderr, /evidence\.sqlite' cannot grow, since its disk is full; make room/);
    const [record] = JSON.parse(await readFile(`${home}.json`, 'utf8')) as EvidenceSummary[];
    await rm(`${home}.json`);
    assert.partialDeepStrictEqual(record, { reason: 'the samples could not be kept' });
    assert.ok(record!.runCount > 0);
    assert.equal(stdout, `${record!.id}\ncode 1\ncode 0\nremoved ${record!.id}\ncode 0\ncode 0\n`);
  });
});

/** Whether this user may mount a small disk, in a namespace that ends with the process. */
function canMount(): boolean {
  const script = 'mount -t tmpfs -o size=1m none /mnt';
  return spawnSync('unshare', ['-rm', 'sh', '-c', script]).status === 0;
}
