import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ModeOptions, benchMode } from './bench-mode.ts';

describe('benchMode()', () => {
  test('takes each way of saying how much load there is', () => {
    const rate = (ratePerSecond: number) => ({ kind: 'rate', ratePerSecond });
    const concurrency = (count: number) => ({ kind: 'concurrency', concurrency: count });
    for (const [options, mode] of [
      [{}, { kind: 'single', load: rate(10) }],
      [{ rate: 100 }, { kind: 'single', load: rate(100) }],
      [{ concurrency: 8 }, { kind: 'single', load: concurrency(8) }],
      [{ sweep: 'rate=5,10' }, { kind: 'sweep', loads: [rate(5), rate(10)] }],
      [{ sweep: 'concurrency=1:2' }, { kind: 'sweep', loads: [concurrency(1), concurrency(2)] }],
      [
        { search: 'rate', rate: 50 },
        { kind: 'search', of: 'rate', startLoad: 50 },
      ],
      [{ search: 'concurrency' }, { kind: 'search', of: 'concurrency', startLoad: 1 }],
      [
        { knee: true, concurrency: 32 },
        { kind: 'knee', maxConcurrency: 32 },
      ],
    ] as const) {
      assert.deepEqual(benchMode(options, false), mode);
    }
    assert.deepEqual(benchMode({}, true), { kind: 'single', load: { kind: 'own' } });
    assert.deepEqual(benchMode({ scenario: 'server', rate: 9 }, false), {
      kind: 'scenario',
      scenario: 'server',
      load: rate(9),
    });
  });

  test('refuses what contradicts itself', () => {
    const refused: readonly [ModeOptions, RegExp, boolean?][] = [
      [{ rate: 1, concurrency: 1 }, /--rate .*--concurrency/],
      [{ knee: true, sweep: 'rate=1' }, /--sweep and --knee/],
      [{ sweep: 'rate=1', rate: 1 }, /--sweep names the loads/],
      [{ sweep: '1,2' }, /rate=100:800:100/],
      [{ search: 'rate', concurrency: 1 }, /--search rate starts from --rate/],
      [{ knee: true, rate: 1 }, /leave --rate out/],
      [{ scenario: 'server' }, /needs --rate/],
      [{ scenario: 'offline', rate: 1 }, /takes no --rate/],
      [{ scenario: 'multi-stream', concurrency: 2 }, /sends 8 at a time/],
      [{ rate: 1 }, /rates of its own/, true],
    ];
    for (const [options, message, hasOwnRate] of refused) {
      assert.throws(() => benchMode(options, hasOwnRate ?? false), message);
    }
  });
});
