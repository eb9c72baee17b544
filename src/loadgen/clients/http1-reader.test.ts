import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAnswerReader } from './http1-reader.ts';

/** What a reader makes of the bytes, given in pieces of some lengths. */
function read(text: string, pieceLengths: readonly number[] = []): string[] {
  const seen: string[] = [];
  let body = '';
  const reader = createAnswerReader({
    onHead: ({ status, headers }) => seen.push(`${status} ${JSON.stringify(headers)}`),
    onBody: (piece) => (body += piece.toString('latin1')),
    onEnd: (isKept) => {
      seen.push(`${body} ${isKept ? 'kept' : 'closed'}`);
      body = '';
    },
    onBroken: (reason) => seen.push(reason),
  });
  const bytes = Buffer.from(text, 'latin1');
  let start = 0;
  for (const length of pieceLengths) {
    reader.push(bytes.subarray(start, start + length));
    start += length;
  }
  reader.push(bytes.subarray(start));
  reader.close();
  return seen;
}

const cases: readonly [name: string, text: string, expected: readonly string[]][] = [
  [
    'an answer with its length',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\nabc',
    ['200 {"content-length":"3","x":"y"}', 'abc kept'],
  ],
  [
    'two answers, the last for good',
    'HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 None\r\nConnection: Close\r\n\r\n',
    ['429 {"content-length":"0"}', ' kept', '204 {"connection":"Close"}', ' closed'],
  ],
  [
    'chunks with an extension and a trailer',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nZ: z\r\n\r\n',
    ['200 {"transfer-encoding":"chunked"}', 'abc0123456789 kept'],
  ],
  [
    'an interim answer before the one that counts',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na',
    ['200 {"content-length":"1"}', 'a closed'],
  ],
  ['an answer until the end', 'HTTP/1.1 200 OK\r\n\r\nabc', ['200 {}', 'abc closed']],
  ['what is not HTTP', 'SSH-2.0-x\r\n\r\n', ['the answer is not HTTP/1']],
  [
    'a length that is none',
    'HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n',
    ['200 {"content-length":"0x1"}', "the answer has the Content-Length '0x1'"],
  ],
  [
    'a chunk that is longer than it says',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
    ['200 {"transfer-encoding":"chunked"}', 'a chunk of the answer is longer than it says'],
  ],
];

for (const [name, text, expected] of cases) {
  test(`the reader of answers reads ${name}, however it is cut`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (lengths) => {
        assert.deepEqual(read(text, lengths), expected);
      }),
      { numRuns: 50 },
    );
  });
}

test('the reader of answers refuses a head without an end', () => {
  assert.deepEqual(read(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`), [
    'the head of the answer does not end',
  ]);
});
