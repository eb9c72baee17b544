import type { Datatype } from '../../core/datatype.ts';
import { type HeadwayError, invalidArgument } from '../../core/error.ts';
import { type Tensor, tensorByteLength } from '../../core/tensor.ts';

/** Element types of NumPy by the part of their code after the byte order. */
const datatypes: ReadonlyMap<string, Datatype> = new Map([
  ['b1', 'BOOL'],
  ['u1', 'UINT8'],
  ['u2', 'UINT16'],
  ['u4', 'UINT32'],
  ['u8', 'UINT64'],
  ['i1', 'INT8'],
  ['i2', 'INT16'],
  ['i4', 'INT32'],
  ['i8', 'INT64'],
  ['f2', 'FP16'],
  ['f4', 'FP32'],
  ['f8', 'FP64'],
]);

/**
 * Reads an array NumPy saved. The data stay a view into `bytes`.
 * Source: numpy.lib.format, versions 1.0 to 3.0.
 * @throws HeadwayError `invalid_argument` for what is no such file, or holds big-endian, structured
 * or column-major data.
 */
export function parseNpy(bytes: Uint8Array): Tensor {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.byteLength < 12 || file.toString('latin1', 0, 6) !== '\u0093NUMPY')
    throw wrong('no header');
  const isFirstVersion = file.readUInt8(6) === 1;
  const start = isFirstVersion ? 10 : 12;
  const end = start + (isFirstVersion ? file.readUInt16LE(8) : file.readUInt32LE(8));
  if (end > file.byteLength) throw wrong('its header is cut short');
  const header = file.toString('latin1', start, end);
  const [, order = '', code = ''] = /'descr': *'([<>|=])(\w+)'/.exec(header) ?? [];
  const datatype = datatypes.get(code);
  if (datatype === undefined || order === '>') {
    throw wrong('its elements are not little-endian numbers or booleans');
  }
  if (/'fortran_order': *True/.test(header)) {
    throw wrong('it is column-major: save numpy.ascontiguousarray(array)');
  }
  const [, list] = /'shape': *\(([\d, ]*)\)/.exec(header) ?? [];
  if (list === undefined) throw wrong('its header has no shape');
  const shape = list.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const data = bytes.subarray(end);
  if (tensorByteLength(datatype, shape) !== data.byteLength) {
    throw wrong(`it has ${data.byteLength} bytes of data, which are not those of its shape`);
  }
  return { datatype, shape, data };
}

function wrong(reason: string): HeadwayError {
  return invalidArgument(`This is no .npy file that can be used: ${reason}.`);
}
