import { datatypeBytes } from '../core/datatype.ts';
import { invalidArgument } from '../core/error.ts';
import { decodeElements } from '../core/tensor-elements.ts';
import { type Tensor, encodeBytesElements } from '../core/tensor.ts';
import { topK } from '../operators/top-k.ts';

/** Elements of one item beyond which classification is refused: sorting them would stall others. */
const maxElementCount = 1_000_000;

/** An output to be answered as classes. */
export interface ClassificationRequest {
  readonly name: string;
  readonly tensor: Tensor;
  /** Classes wanted; capped at the number of elements. */
  readonly count: number;
  readonly labels: readonly string[];
  /** Whether the first dimension is the batch. */
  readonly isBatched: boolean;
}

/**
 * The classification extension: replaces a tensor by its `count` largest elements per item, as
 * BYTES `[batch, k]` (or `[k]`) of `value:index` or `value:index:label`.
 * Source: classification extension of the Open Inference Protocol as Triton has it.
 * @throws HeadwayError `invalid_argument` for BYTES, FP16 and BF16 and for over a million elements.
 */
export function classify(request: ClassificationRequest): Tensor {
  const { name, tensor, isBatched } = request;
  const { datatype } = tensor;
  if (datatype === 'BYTES' || datatype === 'FP16' || datatype === 'BF16') {
    throw invalidArgument(
      `class result not available for output '${name}' due to unsupported type '${datatype}'`,
    );
  }
  const itemCount = isBatched ? (tensor.shape[0] ?? 1) : 1;
  const itemLength =
    itemCount === 0 ? 0 : tensor.data.byteLength / datatypeBytes[datatype] / itemCount;
  if (itemLength > maxElementCount) {
    throw invalidArgument(
      `classification of output '${name}' is limited to ${maxElementCount} elements an item, it has ${itemLength}`,
    );
  }
  const values = decodeElements(tensor);
  const k = Math.min(request.count, itemLength);
  const elements: Uint8Array[] = [];
  for (let item = 0; item < itemCount; item += 1) {
    const scores = Array.from({ length: itemLength }, (_, index) =>
      Number(values[item * itemLength + index]),
    );
    for (const { value, index } of topK(scores, k)) {
      elements.push(Buffer.from(formatClass(value, index, request.labels[index])));
    }
  }
  return {
    datatype: 'BYTES',
    shape: isBatched ? [itemCount, k] : [k],
    data: encodeBytesElements(elements),
  };
}

function formatClass(value: number, index: number, label: string | undefined): string {
  const text = `${value.toFixed(6)}:${index}`;
  return label === undefined || label === '' ? text : `${text}:${label}`;
}
