import { datatypeBytes } from '../../core/datatype.ts';
import { invalidArgument } from '../../core/error.ts';
import { elementCount, formatShape } from '../../core/shape.ts';
import { type Tensor, type TensorSpec, encodeBytesElements } from '../../core/tensor.ts';
import { isFloat, plainAccess } from '../../core/element-access.ts';
import { resolveShape } from './resolve-shape.ts';

const maxBytes = 1024 ** 3;

/**
 * Makes an input up: zeros and empty texts; or at random, numbers from 0 to 1 for floating-point
 * datatypes, 0 and 1 for the others, and short texts.
 * @param fill `zero`, or what the next random number comes from, from 0 to below 1.
 * @throws HeadwayError `invalid_argument` when a size stays open, or for an input over 1 GiB.
 */
export function makeTensor(
  fill: 'zero' | (() => number),
  spec: TensorSpec,
  sizes: ReadonlyMap<string, number>,
): Tensor {
  const { datatype } = spec;
  const shape = resolveShape(spec, sizes);
  const count = elementCount(shape) ?? Infinity;
  if (count * (datatypeBytes[datatype] ?? 4) > maxBytes) {
    throw invalidArgument(`Input '${spec.name}' ${formatShape(shape)} would be over 1 GiB.`);
  }
  const next = fill === 'zero' ? () => 0 : fill;
  if (datatype === 'BYTES') {
    const text = (): Buffer =>
      Buffer.from(fill === 'zero' ? '' : Math.floor(next() * 36 ** 4).toString(36));
    return { datatype, shape, data: encodeBytesElements(Array.from({ length: count }, text)) };
  }
  const width = datatypeBytes[datatype];
  const data = new Uint8Array(count * width);
  if (fill === 'zero') return { datatype, shape, data };
  const view = new DataView(data.buffer);
  for (let index = 0; index < count; index += 1) {
    if (datatype === 'BOOL' || datatype === 'INT64' || datatype === 'UINT64') {
      data[index * width] = next() < 0.5 ? 0 : 1;
    } else {
      const value = next();
      plainAccess[datatype].set(view, index * width, isFloat(datatype) ? value : Math.round(value));
    }
  }
  return { datatype, shape, data };
}
