import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadwayError } from '../../core/error.ts';
import { type StreamEvent, createEventReader } from './event-reader.ts';

function readAll(pieces: readonly Uint8Array[], maxBytes = 1000) {
  const events: StreamEvent[] = [];
  const reader = createEventReader({ maxBytes, onEvent: (event) => events.push(event) });
  for (const piece of pieces) reader.push(piece);
  return { events, isWhole: reader.isBetweenEvents() };
}

function readText(text: string) {
  return readAll([Buffer.from(text)]);
}

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places, bytes.byteLength].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

test('createEventReader() reads names, data over several lines, comments and odd fields', () => {
  const { events, isWhole } = readText(
    '\uFEFFevent: add\ndata: 1\ndata:2\ndata:  3\n\n: ping\n\nid: 7\nretry: 10\n\ndata\n\nodd: x\ndata:a:b\n\n',
  );
  assert.deepEqual(events, [
    { event: 'add', data: '1\n2\n 3' },
    { event: 'message', data: '' },
    { event: 'message', data: 'a:b' },
  ]);
  assert.ok(isWhole);
});

test('createEventReader() ends lines with either character or both', () => {
  const expected = [
    { event: 'message', data: 'a\nb' },
    { event: 'message', data: 'c' },
  ];
  for (const end of ['\n', '\r', '\r\n']) {
    const text = ['data: a', 'data: b', '', 'data: c', '', ''].join(end);
    assert.deepEqual(readText(text), { events: expected, isWhole: true });
  }
});

test('createEventReader() keeps back what is not complete, and says so', () => {
  assert.deepEqual(readText('data: a'), { events: [], isWhole: false });
  assert.deepEqual(readText('data: a\n'), { events: [], isWhole: false });
  assert.deepEqual(readText('event: a\n'), { events: [], isWhole: false });
  assert.deepEqual(readText(''), { events: [], isWhole: true });
});

test('createEventReader() refuses what is no UTF-8 and what never ends', () => {
  const broken = Buffer.concat([
    Buffer.from('data: ok\n\ndata: '),
    Uint8Array.of(0xc3, 0x28, 0x0a),
  ]);
  assert.throws(() => readAll([broken]), { code: 'data_loss', message: /not UTF-8/ });
  const endless = Array.from({ length: 50 }, () => Buffer.alloc(100, 'x'));
  assert.throws(() => readAll(endless), { code: 'resource_exhausted', message: /1000 bytes/ });
  const lines = Array.from({ length: 200 }, () => Buffer.from('data: xxxx\n'));
  assert.throws(() => readAll(lines), { code: 'resource_exhausted' });
  const comments = Array.from({ length: 200 }, () => Buffer.from(': comment\n'));
  assert.deepEqual(readAll(comments).events, []);
});

const line = fc
  .string({ unit: 'grapheme' })
  .map((it) => it.toWellFormed().replaceAll(/[\r\n]/g, '.'));
const event = fc
  .record({
    event: fc.oneof(
      fc.constant('message'),
      line.filter((it) => it !== ''),
    ),
    data: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
  })
  .map((it) => ({ ...it }));

test('createEventReader() reads back what was written, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(event, fc.constantFrom('\n', '\r', '\r\n'))),
      fc.array(fc.nat(500)),
      (written, places) => {
        const text = written
          .map(([{ event: name, data }, end]) =>
            [`event: ${name}`, ...data.split('\n').map((it) => `data: ${it}`), '', ''].join(end),
          )
          .join('');
        const bytes = Buffer.from(text);
        const inside = places.filter((place) => place <= bytes.byteLength);
        assert.deepEqual(readAll(cut(bytes, inside), 10_000), {
          events: written.map(([it]) => it),
          isWhole: true,
        });
      },
    ),
  );
});

test('createEventReader() reads any bytes alike however they are cut, or refuses them', () => {
  const alphabet = fc.constantFrom(...Buffer.from('data: event\r\n\n\r:\u00e9\uFEFF'), 0xff);
  const attempt = (pieces: readonly Uint8Array[]): unknown => {
    try {
      return readAll(pieces, 60);
    } catch (error) {
      assert.ok(error instanceof HeadwayError);
      return error.code;
    }
  };
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 100 }), fc.array(fc.nat(100)), (given, places) => {
      const bytes = Uint8Array.from(given);
      const inside = places.filter((place) => place <= bytes.byteLength);
      assert.deepEqual(attempt(cut(bytes, inside)), attempt([bytes]));
    }),
  );
});
