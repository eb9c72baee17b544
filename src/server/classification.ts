import { invalidArgument } from '../core/error.ts';
import type { Datatype } from '../core/datatype.ts';
import { viewElements } from '../core/tensor-elements.ts';
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
 * @throws HeadwayError `invalid_argument` for BYTES, BOOL, FP16 and BF16 and for over a million
 * elements.
 */
export function classify(request: ClassificationRequest): Tensor {
  const { name, tensor, isBatched, labels } = request;
  const { datatype } = tensor;
  if (!isClassified(datatype)) {
    throw invalidArgument(
      `class result not available for output due to unsupported type '${datatype}': output '${name}'`,
    );
  }
  const values = viewElements(datatype, tensor.data);
  const itemCount = isBatched ? (tensor.shape[0] ?? 1) : 1;
  const itemLength = itemCount === 0 ? 0 : values.length / itemCount;
  if (itemLength > maxElementCount) {
    throw invalidArgument(
      `classification output tensor too large: output '${name}' has ${itemLength} elements an item, at most ${maxElementCount} are sorted`,
    );
  }
  const k = Math.min(request.count, itemLength);
  const elements: Uint8Array[] = [];
  for (let item = 0; item < itemCount; item += 1) {
    const scores = values.subarray(item * itemLength, (item + 1) * itemLength);
    for (const { value, index } of topK<number | bigint>(scores, k)) {
      const text = `${isFloat(datatype) ? formatFloat(Number(value)) : value}:${index}`;
      const label = labels[index] ?? '';
      elements.push(Buffer.from(label === '' ? text : `${text}:${label}`));
    }
  }
  return {
    datatype: 'BYTES',
    shape: isBatched ? [itemCount, k] : [k],
    data: encodeBytesElements(elements),
  };
}

type ClassifiedDatatype = Exclude<Datatype, 'BYTES' | 'BOOL' | 'FP16' | 'BF16'>;

function isClassified(datatype: Datatype): datatype is ClassifiedDatatype {
  return !['BYTES', 'BOOL', 'FP16', 'BF16'].includes(datatype);
}

function isFloat(datatype: ClassifiedDatatype): boolean {
  return datatype === 'FP32' || datatype === 'FP64';
}

/** As C's `%f` writes it, which Triton's clients read. */
function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  // `toFixed` turns to exponents there, where every number is whole.
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}
