import { datatypeBytes } from '../core/datatype.ts';
import type { Shape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * The shape of tensors joined along the first dimension: rows added up, other dimensions the
 * largest there is (they differ only where padding was declared).
 */
export function joinedShape(tensors: readonly Tensor[]): number[] {
  const shape = [...(tensors[0]?.shape ?? [])];
  for (const tensor of tensors.slice(1)) {
    shape[0] = (shape[0] ?? 0) + (tensor.shape[0] ?? 0);
    for (let axis = 1; axis < shape.length; axis += 1) {
      shape[axis] = Math.max(shape[axis] ?? 0, tensor.shape[axis] ?? 0);
    }
  }
  return shape;
}

/** Whether the shapes are equal but for the first dimension. */
function sameRows(shape: Shape, other: Shape): boolean {
  return (
    shape.length === other.length && shape.every((size, axis) => axis === 0 || size === other[axis])
  );
}

/**
 * Joins tensors of a fixed-size datatype along the first dimension.
 * @param target as many bytes as `joinedShape` needs.
 * @param pad the bytes of one element, for what a tensor lacks in a dimension.
 */
export function joinInto(
  target: Uint8Array,
  tensors: readonly Tensor[],
  { shape, pad }: { readonly shape: Shape; readonly pad: Uint8Array | undefined },
): void {
  let offset = 0;
  const isPadded = pad !== undefined && !tensors.every((tensor) => sameRows(tensor.shape, shape));
  if (isPadded) fillPattern(target, pad);
  for (const tensor of tensors) {
    if (!isPadded) {
      target.set(tensor.data, offset);
      offset += tensor.data.byteLength;
      continue;
    }
    const block = [tensor.shape[0] ?? 0, ...shape.slice(1)];
    const elementBytes = datatypeBytes[tensor.datatype] ?? 1;
    const blockBytes = block.reduce((product, size) => product * size, elementBytes);
    copyBlock(
      { data: tensor.data, shape: tensor.shape },
      { data: target.subarray(offset, offset + blockBytes), shape: block },
      { region: tensor.shape, elementBytes },
    );
    offset += blockBytes;
  }
}

/** Rows `[from, from + shape[0])` of a joined tensor, cut down to `shape`; a view where that is possible. */
export function sliceRows(joined: Tensor, fromRow: number, shape: Shape): Tensor {
  if (joined.datatype === 'BYTES') return sliceElements(joined, fromRow, shape);
  const rowBytes = joined.data.byteLength / Math.max(1, joined.shape[0] ?? 1);
  const rowCount = shape[0] ?? 0;
  const data = joined.data.subarray(fromRow * rowBytes, (fromRow + rowCount) * rowBytes);
  if (sameRows(shape, joined.shape)) return { datatype: joined.datatype, shape, data };
  const elementBytes = datatypeBytes[joined.datatype] ?? 1;
  const cut = new Uint8Array(shape.reduce((product, size) => product * size, elementBytes));
  copyBlock(
    { data, shape: [rowCount, ...joined.shape.slice(1)] },
    { data: cut, shape },
    { region: shape, elementBytes },
  );
  return { datatype: joined.datatype, shape, data: cut };
}

/** Elements of BYTES differ in length, so the rows are found by counting. */
function sliceElements({ data, shape: joined }: Tensor, fromRow: number, shape: Shape): Tensor {
  const elementsPerRow = joined.slice(1).reduce((product, size) => product * size, 1);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const skip = (from: number, elementCount: number): number => {
    let offset = from;
    for (let element = 0; element < elementCount; element += 1) {
      offset += 4 + view.getUint32(offset, true);
    }
    return offset;
  };
  const start = skip(0, fromRow * elementsPerRow);
  const end = skip(start, (shape[0] ?? 0) * elementsPerRow);
  return { datatype: 'BYTES', shape, data: data.subarray(start, end) };
}

interface Block {
  readonly data: Uint8Array;
  readonly shape: Shape;
}

/** Copies the corner `region` that two blocks of equal rank share, a run of the last axis at a time. */
function copyBlock(
  source: Block,
  target: Block,
  { region, elementBytes }: { readonly region: Shape; readonly elementBytes: number },
): void {
  const rank = region.length;
  if (region.includes(0)) return;
  const runBytes = (region[rank - 1] ?? 1) * elementBytes;
  const sourceStrides = byteStrides(source.shape, elementBytes);
  const targetStrides = byteStrides(target.shape, elementBytes);
  const index = Array.from({ length: rank - 1 }, () => 0);
  for (;;) {
    const from = dot(index, sourceStrides);
    target.data.set(source.data.subarray(from, from + runBytes), dot(index, targetStrides));
    let axis = rank - 2;
    while (axis >= 0 && (index[axis] ?? 0) + 1 === region[axis]) {
      index[axis] = 0;
      axis -= 1;
    }
    if (axis < 0) return;
    index[axis] = (index[axis] ?? 0) + 1;
  }
}

function byteStrides(shape: Shape, elementBytes: number): number[] {
  const strides: number[] = Array.from({ length: shape.length }, () => elementBytes);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = (strides[axis + 1] ?? 0) * (shape[axis + 1] ?? 0);
  }
  return strides;
}

function dot(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, position, axis) => sum + position * (strides[axis] ?? 0), 0);
}

function fillPattern(target: Uint8Array, pattern: Uint8Array): void {
  if (pattern.every((byte) => byte === 0)) target.fill(0);
  else
    for (let offset = 0; offset < target.byteLength; offset += pattern.byteLength)
      target.set(pattern, offset);
}
