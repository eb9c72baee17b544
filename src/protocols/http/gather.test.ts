import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { gatherBytes } from './gather.ts';
import { type HeldBytes, holdBytes } from './held-bytes.ts';
import { type ByteBudget, createByteBudget } from './limits.ts';

/** How many bytes of a budget are free. */
function freeOf(budget: ByteBudget): number {
  let free = 0;
  for (let step = 1 << 24; step >= 1; step /= 2) if (budget.tryTake(step)) free += step;
  budget.release(free);
  return free;
}

/** Counts what memory is made. */
function watchMemory(budget: ByteBudget): { readonly held: HeldBytes; readonly made: number[] } {
  const made: number[] = [];
  const held = holdBytes(budget);
  const memory = (byteLength: number): Buffer => {
    made.push(byteLength);
    return held.memory(byteLength);
  };
  return { held: { ...held, memory }, made };
}

test('gatherBytes() puts pieces together, aligned, and gives everything back', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 12 });
  const property = fc.property(
    pieces,
    fc.boolean(),
    fc.nat({ max: 200 }),
    fc.constantFrom(200_000, 1 << 20),
    (sent, isAnnounced, alignedOffset, totalBytes) => {
      const budget = createByteBudget(totalBytes);
      const held = holdBytes(budget);
      const whole = Buffer.concat(sent);
      const expectedBytes = isAnnounced ? whole.byteLength : undefined;
      const options = { expectedBytes, maxBytes: 100_000, alignedOffset, held };
      const gathering = gatherBytes(options);
      for (const piece of sent) gathering.append(piece);
      const bytes = gathering.finish();
      assert.deepEqual(bytes, whole);
      if (bytes.byteLength > 0) assert.equal((bytes.byteOffset + alignedOffset) % 64, 0);
      assert.ok(freeOf(budget) <= totalBytes - whole.byteLength);
      held.release();
      held.release();
      assert.equal(freeOf(budget), totalBytes);
      assert.ok(budget.tryReserve(totalBytes / 4));
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test('gatherBytes() counts what has come, and copies none of it twice', () => {
  const budget = createByteBudget(1000);
  const { held, made } = watchMemory(budget);
  const gathering = gatherBytes({ expectedBytes: 250, maxBytes: 250, alignedOffset: 0, held });
  assert.equal(freeOf(budget), 1000);
  gathering.append(new Uint8Array(1));
  assert.equal(freeOf(budget), 999);
  gathering.append(new Uint8Array(249));
  assert.equal(freeOf(budget), 750);
  assert.deepEqual(made, [250 + 63]);
});

test('gatherBytes() grows where no more may be reserved, as far as was announced', () => {
  const budget = createByteBudget(1 << 20);
  const idle = holdBytes(budget);
  assert.ok(idle.tryReserve(1 << 18));
  const { held, made } = watchMemory(budget);
  const options = { expectedBytes: 20_000, maxBytes: 20_000, alignedOffset: 0, held };
  const gathering = gatherBytes(options);
  for (let count = 0; count < 20; count += 1) gathering.append(new Uint8Array(1000));
  assert.deepEqual(
    made.map((byteLength) => byteLength - 63),
    [4096, 8000, 16_000, 20_000],
  );
  assert.equal(freeOf(budget), (1 << 20) - 20_000);
});

test('gatherBytes() makes memory of just the size when all comes at once', () => {
  const budget = createByteBudget(100);
  const { held, made } = watchMemory(budget);
  gatherBytes({ expectedBytes: 90, maxBytes: 90, alignedOffset: 0, held }).append(
    new Uint8Array(90),
  );
  assert.deepEqual(made, [90 + 63]);
  const more = gatherBytes({ expectedBytes: 11, maxBytes: 11, alignedOffset: 0, held });
  assert.throws(() => more.append(new Uint8Array(11)), {
    code: 'unavailable',
    message: /too many request bodies/,
  });
});
