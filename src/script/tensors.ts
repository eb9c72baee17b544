import type { Datatype } from '../core/datatype.ts';
import { invalidArgument } from '../core/error.ts';
import { type Shape, elementCount, formatShape } from '../core/shape.ts';
import {
  type DataByDatatype,
  type ElementsByDatatype,
  decodeElements,
  elementsName,
  encodeElements,
} from '../core/tensor-elements.ts';
import { type Tensor, tensorByteLength } from '../core/tensor.ts';
import type { ScriptRequest } from './script.ts';

/**
 * Makes a tensor of its elements; typed arrays are not copied.
 * @param elements row by row: what the datatype is given as, such as a Float32Array for FP32.
 * @throws TypeError when they are of another kind, RangeError when the shape needs more or less.
 */
export function tensor<D extends Datatype>(
  datatype: D,
  shape: Shape,
  elements: DataByDatatype[D],
): Tensor {
  const data = encodeElements(datatype, elements);
  if (data === undefined) {
    throw new TypeError(`elements of ${datatype} are given as a ${elementsName(datatype)}`);
  }
  const given = datatype === 'BYTES' ? elements.length : data.byteLength;
  const needed = datatype === 'BYTES' ? elementCount(shape) : tensorByteLength(datatype, shape);
  if (given !== needed) {
    throw new RangeError(
      `shape ${formatShape(shape)} needs ${elementCount(shape) ?? 'whole'} elements, but ${elements.length} are given`,
    );
  }
  return { datatype, shape, data };
}

/**
 * The elements of a tensor, row by row: a typed array, or an array of booleans or of bytes.
 * @throws HeadwayError `invalid_argument` when the tensor is of another datatype.
 */
export function elementsOf<D extends Datatype>(from: Tensor, datatype: D): ElementsByDatatype[D] {
  if (from.datatype !== datatype) {
    throw invalidArgument(`a tensor of ${datatype} was expected, and it is ${from.datatype}`);
  }
  return decodeElements(from) as ElementsByDatatype[D];
}

/**
 * The elements of a BYTES tensor as texts.
 * @throws HeadwayError `invalid_argument` when the tensor is of another datatype.
 */
export function textsOf(from: Tensor): string[] {
  return elementsOf(from, 'BYTES').map((element) => Buffer.from(element).toString());
}

/**
 * An input of a request.
 * @throws HeadwayError `invalid_argument` when it is not there, as optional inputs may be.
 */
export function inputOf(request: ScriptRequest, name: string): Tensor {
  const found = request.inputs[name];
  if (found !== undefined) return found;
  throw invalidArgument(`the request has no input '${name}'`);
}
