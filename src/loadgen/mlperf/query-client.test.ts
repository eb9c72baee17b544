import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoadClient, RequestProgress } from '../load-client.ts';
import { createQueryClient } from './query-client.ts';

describe('createQueryClient()', () => {
  test('sends all samples at once and ends with the last, as bad as the worst', () => {
    const sent: [number, RequestProgress][] = [];
    const samples: LoadClient = {
      send: (inputIndex, progress) => void sent.push([inputIndex, progress]),
      cutOff() {},
      async [Symbol.asyncDispose]() {},
    };
    const events: string[] = [];
    createQueryClient(samples, 3).send(2, {
      sent: () => void events.push('sent'),
      firstByte: () => void events.push('first byte'),
      chunk: () => {},
      end: (outcome, detail) => void events.push(`${outcome} ${detail?.reason}`),
    });
    assert.deepEqual(
      sent.map(([inputIndex]) => inputIndex),
      [6, 7, 8],
    );
    for (const [, progress] of sent) progress.sent();
    sent[1]?.[1].firstByte();
    sent[1]?.[1].end('failed', { reason: 'HTTP 500' });
    sent[0]?.[1].end('ok');
    assert.deepEqual(events, ['sent', 'first byte']);
    sent[2]?.[1].end('ok');
    assert.deepEqual(events, ['sent', 'first byte', 'failed HTTP 500']);
  });
});
