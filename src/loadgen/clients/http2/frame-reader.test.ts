import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame-reader.ts';
import { encodeFrame } from './frames.ts';

/** What a reader makes of the bytes, given in pieces of some lengths in the same memory. */
function read(bytes: Buffer, pieceLengths: readonly number[]): string[] {
  const seen: string[] = [];
  const reader = new FrameReader({
    onFrame: ({ type, flags, streamId, bytes: memory, start, end }) =>
      seen.push(`${type} ${flags} ${streamId} ${memory.toString('hex', start, end)}`),
    onTooLong: (byteLength) => seen.push(`too long: ${byteLength}`),
  });
  const memory = Buffer.alloc(bytes.byteLength);
  let start = 0;
  for (const length of [...pieceLengths, bytes.byteLength]) {
    const piece = bytes.subarray(start, start + length);
    piece.copy(memory);
    reader.push(memory, piece.byteLength);
    memory.fill(0xee);
    start += piece.byteLength;
  }
  return seen;
}

const lengths = fc.array(fc.nat(40), { maxLength: 30 });

test('the reader of frames finds them however they are cut', () => {
  const frame = fc.record({
    type: fc.nat(255),
    flags: fc.nat(255),
    streamId: fc.nat(2 ** 31 - 1),
    payload: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(fc.array(frame), lengths, (frames, pieceLengths) => {
      const bytes = Buffer.concat(frames.map((it) => encodeFrame(it, it.payload)));
      const expected = frames.map(
        ({ type, flags, streamId, payload }) =>
          `${type} ${flags} ${streamId} ${Buffer.from(payload).toString('hex')}`,
      );
      assert.deepEqual(read(bytes, pieceLengths), expected);
    }),
  );
});

test('the reader of frames takes any bytes, and nothing behind a frame that is too long', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), lengths, (bytes, pieceLengths) => {
      const seen = read(Buffer.from(bytes), pieceLengths);
      const end = seen.findIndex((it) => it.startsWith('too long'));
      assert.ok(end === -1 || end === seen.length - 1);
      assert.deepEqual(seen, read(Buffer.from(bytes), []));
    }),
    { numRuns: 500 },
  );
});

test('the reader of frames allows 16,384 bytes and no more', () => {
  const head = { type: 0, flags: 0, streamId: 1 };
  const whole = encodeFrame(head, Buffer.alloc(16_384, 7));
  assert.equal(read(whole, [10_000]).length, 1);
  const longer = encodeFrame(head, Buffer.alloc(16_385));
  assert.deepEqual(read(longer, [3, 10_000]), ['too long: 16385']);
});
