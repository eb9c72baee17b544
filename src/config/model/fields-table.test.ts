import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelConfigTable } from './fields-table.ts';

test('modelConfigTable() describes fields with their range, default and effect', () => {
  const rows = modelConfigTable().split('\n');
  assert.ok(rows.every((row) => row.split('|').length === 6));
  const row = (field: string): string =>
    rows.find((line) => line.startsWith(`| \`${field}\` |`)) ?? assert.fail(field);
  assert.match(row('max_batch_size'), /int 0…65536 items \| – \|/);
  assert.match(
    row('dynamic_batching.default_queue_policy.timeout_action'),
    /REJECT, DELAY \| REJECT \|/,
  );
  assert.match(row('sequence_batching'), /the model is refused/);
  assert.match(row('input.dims'), /int -1…, list/);
});
