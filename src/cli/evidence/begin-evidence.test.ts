import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { createManualClock } from '../../testing/manual-clock.ts';
import { beginEvidence } from './begin-evidence.ts';
import { openStore } from './open-store.ts';

test('beginEvidence() writes down where a measurement is made, under the home folder', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'headway-test-'));
  const context = { clock: createManualClock(), env: { HOME: cwd }, cwd };
  const start = {
    kind: 'prove',
    command: 'headway prove http://h:1',
    cwd: '/tmp',
    url: 'http://h:1',
    seed: 1,
    settings: {},
    server: {},
  } as const;
  for (const home of [undefined, 'own']) {
    {
      using writer = beginEvidence(context, { ...start, home });
      writer.addRun('seed 1', { endMs: Float64Array.of(1) });
    }
    using store = openStore(context, home);
    assert.equal(store.path, join(cwd, home ?? '.headway', 'evidence.sqlite'));
    const record = store.read(store.resolveId('latest'));
    assert.partialDeepStrictEqual(record, { ...start, state: 'partial', runCount: 1 });
    assert.equal(record.versions['node'], process.versions.node);
    assert.match(JSON.stringify(record.machine), /"architecture":.*"totalBytes":.*"averages":/);
  }
  await rm(cwd, { recursive: true });
});
