import { datatypeBytes } from '../../../core/datatype.ts';
import { invalidArgument } from '../../../core/error.ts';
import { formatShape } from '../../../core/shape.ts';
import { type Tensor, type TensorSpec, encodeBytesElements } from '../../../core/tensor.ts';
import type { ModelMetadata } from '../../../server/interface.ts';
import { assertBinaryLength, viewOf } from './binary.ts';
import type { DecodedInferRequest } from './request.ts';

/**
 * Reads a raw request (an Inference-Header-Content-Length of 0): the whole body is the model's only
 * input, or the only one it needs, as a batch of one. At most one dimension of the input may be variable; its size follows
 * from the body. A BYTES input has one element, whose length prefix is not in the body.
 * @param isBatched whether the first dimension of the metadata's shapes is the batch.
 * @throws HeadwayError `invalid_argument` when the model or the body does not allow it.
 */
export function decodeRawRequest(
  body: Uint8Array,
  metadata: ModelMetadata,
  isBatched: boolean,
): DecodedInferRequest {
  const { name: modelName, inputs } = metadata;
  const needed = inputs.filter(({ hasDefault }) => hasDefault !== true);
  const meant = needed.length === 0 ? inputs : needed;
  const [spec] = meant;
  if (spec === undefined || meant.length !== 1) {
    throw invalidArgument(
      `Raw request must only have 1 input (found 1) to be deduced but got ${meant.length} inputs in '${modelName}' model configuration`,
    );
  }
  const tensor = toRawTensor(body, spec, { modelName, isBatched });
  return {
    request: {
      id: '',
      inputs: new Map([[spec.name, tensor]]),
      outputs: [],
      parameters: {},
      priority: 0,
      timeoutMicroseconds: 0,
    },
    form: { binaryByDefault: true, binaryByName: undefined },
    sharedInputs: undefined,
  };
}

function toRawTensor(
  body: Uint8Array,
  spec: TensorSpec,
  { modelName, isBatched }: { readonly modelName: string; readonly isBatched: boolean },
): Tensor {
  const { name, datatype } = spec;
  const owner = `input '${name}'`;
  const dims = isBatched ? spec.shape.slice(1) : spec.shape;
  if (dims.filter((dimension) => dimension === -1).length > 1) {
    throw invalidArgument(
      `The shape of the raw ${owner} can not be deduced because there are more than one variable-sized dimension; it is ${formatShape(dims)}.`,
    );
  }
  const batch = isBatched ? [1] : [];
  const known = dims.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  if (datatype === 'BYTES') {
    if (dims.length !== 1 || dims[0] !== 1) {
      throw invalidArgument(
        `For BYTE datatype raw ${owner}, the model must have input shape [1]; it is ${formatShape(dims)}.`,
      );
    }
    return { datatype, shape: [...batch, 1], data: encodeBytesElements([body]) };
  }
  const elementBytes = datatypeBytes[datatype] * known;
  const variable = elementBytes === 0 ? 0 : Math.floor(body.byteLength / elementBytes);
  const shape = [...batch, ...dims.map((dimension) => (dimension === -1 ? variable : dimension))];
  assertBinaryLength(body, { owner, datatype, shape }, modelName);
  return { datatype, shape, data: viewOf(body, 0, body.byteLength) };
}
