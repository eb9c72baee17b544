import assert from 'node:assert/strict';
import test from 'node:test';
import { errorCodes } from '../../core/error.ts';
import { statusByCode } from './status.ts';

test('statusByCode gives each of the sixteen codes an error status', () => {
  assert.equal(errorCodes.length, 16);
  assert.deepEqual(Object.keys(statusByCode).toSorted(), [...errorCodes].toSorted());
  for (const code of errorCodes) assert.ok(statusByCode[code] >= 400 && statusByCode[code] < 600);
});

test('statusByCode keeps to what Triton clients compare', () => {
  assert.equal(statusByCode.invalid_argument, 400);
  assert.equal(statusByCode.not_found, 404);
  assert.equal(statusByCode.unimplemented, 501);
  assert.equal(statusByCode.unavailable, 503);
  assert.equal(statusByCode.internal, 500);
  assert.equal(statusByCode.resource_exhausted, 429);
});
