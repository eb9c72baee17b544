import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createManualClock } from '../testing/manual-clock.ts';
import { createProgress, formatBytes } from './progress.ts';

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
}

function start({ isTTY = false, columns = 60, env = { NO_COLOR: '1' } }: Terminal = {}) {
  const clock = createManualClock();
  const stream = Object.assign(new PassThrough(), { isTTY, columns });
  const progress = createProgress({ stream, env, clock, formatAmount: (amount) => `${amount} x` });
  return { clock, progress, written: () => String(stream.read() ?? '') };
}

test('createProgress() says nothing of work that is done in a moment', () => {
  for (const isTTY of [true, false]) {
    const { progress, written } = start({ isTTY });
    progress.update('Working', 0, 10);
    progress.update('Working', 10, 10);
    progress.finish();
    assert.equal(written(), '');
  }
});

test('createProgress() writes a plain line at every tenth of the work', () => {
  const { clock, progress, written } = start();
  for (let done = 0; done <= 100; done += 1) {
    progress.update('Working', done, 100);
    clock.advance(1_000);
  }
  progress.finish();
  const lines = written().trimEnd().split('\n');
  assert.equal(lines.length, 10);
  assert.equal(lines[0], 'Working  10% 10 x of 100 x');
  assert.equal(lines.at(-1), 'Working 100% 100 x of 100 x');
});

test('createProgress() writes a plain line at most once a second', () => {
  const { clock, progress, written } = start();
  for (let done = 0; done <= 100; done += 1) {
    progress.update('Working', done, 100);
    clock.advance(25);
  }
  progress.finish();
  assert.deepEqual(written().trimEnd().split('\n'), [
    'Working  40% 40 x of 100 x',
    'Working  80% 80 x of 100 x',
    'Working 100% 100 x of 100 x',
  ]);
});

test('createProgress() writes a plain line now and then when the total is not known', () => {
  const { clock, progress, written } = start();
  for (let done = 0; done <= 25; done += 1) {
    progress.update('Working', done, undefined);
    clock.advance(1_000);
  }
  assert.equal(written(), 'Working 10 x\nWorking 20 x\n');
});

test('createProgress() redraws a bar in place on a terminal', () => {
  const { clock, progress, written } = start({ isTTY: true });
  progress.update('Working', 0, 10);
  clock.advance(100);
  progress.update('Working', 5, 10);
  progress.update('Working', 6, 10);
  assert.equal(written(), `\r\u001b[KWorking ${'█'.repeat(12)}${'░'.repeat(12)}  50% 5 x of 10 x`);
  progress.update('Next', 1, undefined);
  assert.equal(
    written(),
    `\r\u001b[KWorking ${'█'.repeat(14)}${'░'.repeat(10)}  60% 6 x of 10 x\n`,
  );
});

test('createProgress() colours its bar unless told not to', () => {
  for (const [env, isColoured] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
  ] as const) {
    const { clock, progress, written } = start({ isTTY: true, env });
    progress.update('Working', 0, 10);
    clock.advance(100);
    progress.update('Working', 5, 10);
    assert.equal(written().includes('\u001b[36m'), isColoured);
  }
});

test('createProgress() keeps a long label within the terminal', () => {
  const { clock, progress, written } = start({ isTTY: true, columns: 50 });
  progress.update('A very long label of the work', 0, 10);
  clock.advance(100);
  progress.update('A very long label of the work', 5, 10);
  assert.ok(written().replace('\r\u001b[K', '').length < 50);
});

test('createProgress() draws no bar on a dumb terminal', () => {
  const { clock, progress, written } = start({ isTTY: true, env: { TERM: 'dumb' } });
  progress.update('Working', 0, 10);
  clock.advance(1_000);
  progress.update('Working', 5, 10);
  assert.equal(written(), 'Working  50% 5 x of 10 x\n');
});

test('formatBytes() writes bytes in powers of 1000', () => {
  assert.deepEqual([0, 999, 1000, 34_500_000, 6.7e9, 2e13].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '34.5 MB',
    '6.7 GB',
    '20000.0 GB',
  ]);
});
