import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoadRun } from '../samples.ts';
import { type ProofHooks, runProof } from './run-proof.ts';

type Kind = 'proved' | 'refuted' | 'notEnoughData';

/** A proof whose looks say `kinds`, one after the other. */
async function proofOf(kinds: readonly Kind[], hooks: Partial<ProofHooks<{ kind: Kind }>> = {}) {
  const measured: [number, number][] = [];
  const parts: string[] = [];
  const triesLeft: number[] = [];
  const proof = await runProof(
    { plannedMs: 240, firstSeed: 7 },
    {
      async measure({ number, tryCount, durationMs, seed }) {
        parts.push(`${number}/${tryCount}`);
        measured.push([durationMs, seed]);
        return {} as LoadRun;
      },
      judge(runs) {
        const kind = kinds[runs.length - 1] ?? 'notEnoughData';
        return kind === 'notEnoughData' ? undefined : { kind };
      },
      leaveOpen: () => ({ kind: 'notEnoughData' }),
      invalidReasons: () => [],
      onSetAside: (_, __, left) => triesLeft.push(left),
      isStopped: () => false,
      ...hooks,
    },
  );
  return { ...proof, measured, parts, triesLeft };
}

describe('runProof()', () => {
  test('measures pieces from seeds of their own, all of the time that was planned', async () => {
    const { verdict, ending, measured } = await proofOf([]);
    assert.deepEqual([verdict.kind, ending], ['notEnoughData', 'time over']);
    assert.deepEqual(measured, [
      [10, 7],
      [10, 8],
      [10, 9],
      ...[10, 11, 12, 13, 14, 15, 16].map((seed) => [30, seed]),
    ]);
  });

  test('stops when the verdict is clear, and when it is told to', async () => {
    const proved = await proofOf(['notEnoughData', 'notEnoughData', 'proved', 'refuted']);
    assert.deepEqual(
      [proved.verdict.kind, proved.ending, proved.runs.length],
      ['proved', 'clear', 3],
    );
    const stopped = await proofOf([], { isStopped: () => true });
    assert.deepEqual([stopped.ending, stopped.runs.length], ['stopped', 1]);
  });

  test('concludes nothing from a late generator, and measures again', async () => {
    const late = await proofOf(['refuted'], { invalidReasons: () => ['late'] });
    assert.deepEqual([late.ending, late.invalidReasons, late.runs], ['invalid', ['late'], []]);
    assert.deepEqual(
      late.measured.map(([durationMs, seed]) => [durationMs, seed]),
      [
        [10, 7],
        [10, 8],
        [10, 9],
      ],
    );
    assert.deepEqual(
      [late.parts, late.triesLeft],
      [
        ['1/1', '1/2', '1/3'],
        [2, 1],
      ],
    );
    assert.equal(late.setAsideCount, 3);
    let runCount = 0;
    const once = await proofOf(['proved'], {
      invalidReasons: () => ((runCount += 1) === 1 ? ['late'] : []),
    });
    assert.deepEqual([once.ending, once.runs.length, once.measured.length], ['clear', 1, 2]);
    assert.deepEqual([once.parts, once.setAsideCount], [['1/1', '1/2'], 1]);
  });
});
