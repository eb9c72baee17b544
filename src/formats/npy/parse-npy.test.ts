import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadwayError } from '../../core/error.ts';
import { parseNpy } from './parse-npy.ts';

function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.byteLength, 0, length.byteLength);
  const magic = Buffer.from(`\u0093NUMPY${String.fromCharCode(version, 0)}`, 'latin1');
  return Buffer.concat([magic, length, text, data]);
}

const six = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

test('parseNpy() reads what numpy.save writes', () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  for (const version of [1, 2, 3]) {
    const { datatype, shape, data } = parseNpy(npy(header.padEnd(117), six, version));
    assert.deepEqual([datatype, shape], ['FP32', [2, 3]]);
    assert.deepEqual(Buffer.from(data), six);
  }
  const vector = parseNpy(
    npy("{'descr': '|u1', 'fortran_order': False, 'shape': (6,), }", six.subarray(0, 6)),
  );
  assert.deepEqual([vector.datatype, vector.shape], ['UINT8', [6]]);
  const scalar = parseNpy(
    npy("{'descr': '<i4', 'fortran_order': False, 'shape': (), }", six.subarray(0, 4)),
  );
  assert.deepEqual(scalar.shape, []);
});

test('parseNpy() refuses what it would read wrongly', () => {
  for (const [header, reason] of [
    ["{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", /little-endian/],
    ["{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", /little-endian/],
    ["{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", /column-major/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", /not those of its shape/],
    ["{'descr': '<f4', 'fortran_order': False}", /no shape/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", /shape/],
  ] as const) {
    assert.throws(() => parseNpy(npy(header, six)), { code: 'invalid_argument', message: reason });
  }
});

test('parseNpy() answers any bytes with a tensor or a HeadwayError', () => {
  const prefix = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", six);
  fc.assert(
    fc.property(fc.nat(prefix.byteLength), fc.uint8Array(), (length, tail) => {
      try {
        parseNpy(Buffer.concat([prefix.subarray(0, length), tail]));
      } catch (error) {
        assert.ok(error instanceof HeadwayError);
      }
    }),
  );
});
