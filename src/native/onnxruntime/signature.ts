import { HeadwayError } from '../../core/error.ts';
import type { TensorSpec } from '../../core/tensor.ts';
import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';
import { datatypeOf } from './element-type.ts';
import { createOutSlot, readCString } from './pointers.ts';
import { checkStatus } from './status.ts';

/** An input or output as the session declares it. */
export type ValueSignature = Required<TensorSpec>;

/** ONNX_TYPE_TENSOR of ONNXType. */
const tensorKind = 1;

/**
 * Reads the signature of one input or output.
 * @throws HeadwayError `unimplemented` for what is no tensor, or of a type no protocol has.
 */
export function readValueSignature(
  api: OnnxRuntimeApi,
  name: string,
  typeInfo: NativePointer,
): ValueSignature {
  const what = `Cannot read the type of '${name}'`;
  const kind = new Int32Array(1);
  checkStatus(api, api.GetOnnxTypeFromTypeInfo(typeInfo, kind), what);
  if (kind[0] !== tensorKind) {
    throw new HeadwayError(
      'unimplemented',
      `The model's '${name}' is a sequence, map or optional value; only tensors can be served.`,
    );
  }
  const slot = createOutSlot();
  checkStatus(api, api.CastTypeInfoToTensorInfo(typeInfo, slot.address), what);
  return { name, ...readTensorInfo(api, name, slot.take()) };
}

/**
 * Reads datatype and shape of a tensor; unknown dimensions are -1.
 * @param info an `OrtTensorTypeAndShapeInfo`, not freed here.
 */
export function readTensorInfo(
  api: OnnxRuntimeApi,
  name: string,
  info: NativePointer,
): Omit<ValueSignature, 'name'> {
  const what = `Cannot read the shape of '${name}'`;
  const type = new Int32Array(1);
  checkStatus(api, api.GetTensorElementType(info, type), what);
  const datatype = datatypeOf(type[0] ?? 0);
  if (datatype === undefined) {
    throw new HeadwayError(
      'unimplemented',
      `'${name}' has ONNX element type ${type[0]}, which no serving protocol can carry.`,
    );
  }
  const slot = createOutSlot();
  checkStatus(api, api.GetDimensionsCount(info, slot.address), what);
  const rank = Number(slot.take());
  if (rank === 0) return { datatype, shape: [], dimensionNames: [] };
  const dimensions = new BigInt64Array(rank);
  checkStatus(api, api.GetDimensions(info, dimensions, rank), what);
  const names = new BigUint64Array(rank);
  checkStatus(api, api.GetSymbolicDimensions(info, names, rank), what);
  return {
    datatype,
    shape: Array.from(dimensions, Number),
    dimensionNames: Array.from(names, (address) => readCString(address) || undefined),
  };
}
