import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import type { LoadProgress } from '../../loadgen/engine/load-frame.ts';
import { createManualClock } from '../../testing/manual-clock.ts';
import { createLiveDisplay } from './live-display.ts';

interface Terminal {
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

function start({ isTTY = false, env = {} }: Terminal = {}) {
  const clock = createManualClock();
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  const display = createLiveDisplay({ stderr, env, clock });
  return { clock, display, written: () => String(stderr.read() ?? '') };
}

/** A run of 100 requests a second that tells of itself twice a second; every answer takes longer. */
function progressAt(elapsedMs: number): LoadProgress {
  const endedCount = elapsedMs / 10;
  return {
    elapsedMs,
    totalMs: 60_000,
    begunCount: endedCount,
    endedCount,
    failedCount: 3,
    recentLatenciesMs: Float64Array.from({ length: 50 }, (_, place) => endedCount - 50 + place),
  };
}

describe('createLiveDisplay()', () => {
  test('writes a plain line every ten seconds where there is no terminal', () => {
    for (const terminal of [{}, { isTTY: true, env: { TERM: 'dumb' } }]) {
      const { clock, display, written } = start(terminal);
      for (let elapsedMs = 500; elapsedMs <= 25_000; elapsedMs += 500) {
        clock.advance(500);
        display.update('100/s', progressAt(elapsedMs));
      }
      display.finish();
      assert.equal(
        written(),
        [
          '100/s  100/s  p50 499.0 ms  p99 989.0 ms  3 errors  50 s left\n',
          '100/s  100/s  p50 1499.0 ms  p99 1989.0 ms  3 errors  40 s left\n',
        ].join(''),
      );
    }
  });

  test('waits ten seconds between the lines of short runs, too', () => {
    const { clock, display, written } = start();
    for (const run of [1, 2, 3, 4]) {
      for (let elapsedMs = 500; elapsedMs <= 4_000; elapsedMs += 500) {
        clock.advance(500);
        display.update(`part ${run}`, progressAt(elapsedMs));
      }
      display.finish();
    }
    assert.match(written(), /^part 3 {2}100\/s {2}p50 99\.0 ms .* 58 s left\n$/);
  });

  test('says nothing of a run that is soon over', () => {
    const { clock, display, written } = start();
    clock.advance(9_999);
    display.update('part 1', progressAt(5_000));
    display.finish();
    assert.equal(written(), '');
  });

  test('redraws its line on a terminal, and takes it away', () => {
    const { display, written } = start({ isTTY: true });
    display.finish();
    assert.equal(written(), '');
    display.update('part 1', progressAt(500));
    display.update('part 1', { ...progressAt(1_000), recentLatenciesMs: new Float64Array(0) });
    display.finish();
    assert.equal(
      written(),
      [
        '\r\u001b[Kpart 1  100/s  p50 24.0 ms  p99 49.0 ms  3 errors  60 s left',
        '\r\u001b[Kpart 1  100/s  p50 – ms  p99 – ms  3 errors  59 s left',
        '\r\u001b[K',
      ].join(''),
    );
  });
});
