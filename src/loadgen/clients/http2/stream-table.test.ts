import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamTable } from './stream-table.ts';
import type { Exchange, Http2Stream } from './stream.ts';

const exchange: Exchange = {
  onHead() {},
  onBody() {},
  onTrailers() {},
  onEnd() {},
  onFailure() {},
};

test('streams are found while they are under way, whatever the order in which they end', () => {
  const steps = fc.array(fc.option(fc.nat()), { minLength: 300, maxLength: 1000 });
  const property = fc.property(steps, (ends) => {
    const table = new StreamTable(1, Infinity);
    const open: Http2Stream[] = [];
    let lastId = -1;
    for (const end of ends) {
      if (end === null || end % 3 === 0 || open.length === 0) {
        const stream = table.begin(exchange);
        assert.ok(stream.id % 2 === 1 && stream.id > lastId);
        lastId = stream.id;
        open.push(stream);
      } else {
        const [stream] = open.splice(end % open.length, 1);
        assert.ok(stream !== undefined && table.delete(stream));
        assert.equal(table.delete(stream), false);
        assert.equal(table.find(stream.id), undefined);
      }
      for (const stream of open) assert.equal(table.find(stream.id), stream);
    }
    assert.deepEqual(new Set(table), new Set(open));
  });
  fc.assert(property, { numRuns: 20 });
});

test('a stream that stays does not hold back those that come and go', () => {
  const table = new StreamTable(1, 2);
  const first = table.begin(exchange);
  for (let count = 0; count < 1000; count += 1) {
    assert.ok(table.hasRoom);
    const stream = table.begin(exchange);
    assert.equal(table.hasRoom, false);
    assert.ok(table.delete(stream));
  }
  assert.equal(table.find(first.id), first);
});

test('a frame of a stream that was never begun breaks the protocol', () => {
  const table = new StreamTable(1, 100);
  table.begin(exchange);
  for (const id of [2, 3]) assert.throws(() => table.find(id), /stream \d, which is idle/);
});

test('no more streams are begun when their ids are used up', () => {
  const table = new StreamTable(2 ** 31 - 3, 100);
  const streams = [table.begin(exchange), table.begin(exchange)];
  assert.deepEqual(
    streams.map(({ id }) => id),
    [2 ** 31 - 3, 2 ** 31 - 1],
  );
  assert.equal(table.hasRoom, false);
  for (const stream of streams) assert.equal(table.find(stream.id), stream);
  assert.equal(table.isDone, false);
  for (const stream of streams) table.delete(stream);
  assert.ok(table.isDone);
});
