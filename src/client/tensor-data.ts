import type { Datatype } from '../core/datatype.ts';
import { invalidArgument } from '../core/error.ts';
import { type Shape, elementCount, formatShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import {
  type DataByDatatype,
  type ElementsByDatatype,
  decodeElements,
  elementsName,
  encodeElements,
} from '../core/tensor-elements.ts';

/** A tensor to send: `switch (datatype)` narrows `data`. Texts are sent as UTF-8. */
export type InputTensor = {
  [D in Datatype]: {
    readonly name: string;
    readonly datatype: D;
    readonly shape: Shape;
    readonly data: DataByDatatype[D];
  };
}[Datatype];

/** A tensor received: `switch (datatype)` narrows `data`. */
export type OutputTensor = {
  [D in Datatype]: {
    readonly datatype: D;
    readonly shape: Shape;
    readonly data: ElementsByDatatype[D];
  };
}[Datatype];

/**
 * The wire form of a tensor; typed arrays are not copied.
 * @throws HeadwayError `invalid_argument` when the data is of another type or count than the
 * datatype and shape say.
 */
export function toWireTensor({ name, datatype, shape, data }: InputTensor): Tensor {
  const count = elementCount(shape);
  if (data.length !== count) {
    throw invalidArgument(
      `Input '${name}' has ${data.length} elements; shape ${formatShape(shape)} asks for ${count ?? 'no possible number'}.`,
    );
  }
  const bytes = encodeElements(datatype, data);
  if (bytes !== undefined) return { datatype, shape, data: bytes };
  throw invalidArgument(
    `The data of input '${name}' must be a ${elementsName(datatype)} for ${datatype}.`,
  );
}

/** A tensor off the wire as typed elements, copied only where its bytes do not lie aligned. */
export function fromWireTensor(tensor: Tensor): OutputTensor {
  const { datatype, shape } = tensor;
  // The table pairs each datatype with its array, which the compiler cannot follow by index.
  return { datatype, shape, data: decodeElements(tensor) } as OutputTensor;
}
