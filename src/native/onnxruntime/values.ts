import { type Datatype, datatypeBytes } from '../../core/datatype.ts';
import { HeadwayError } from '../../core/error.ts';
import { type Shape, elementCount } from '../../core/shape.ts';
import { type Tensor, decodeBytesElements } from '../../core/tensor.ts';
import type { NativePointer, OnnxRuntimeApi } from './api-table.ts';
import { elementTypes } from './element-type.ts';
import type { OnnxRuntimeEnvironment } from './environment.ts';
import { addressOf, copyFromNative, copyToNative, createOutSlot } from './pointers.ts';
import { readTensorInfo } from './signature.ts';
import { checkStatus } from './status.ts';

/** Makes and reads the runtime's tensors. One user at a time: it has one out-slot. */
export interface TensorValues {
  /**
   * A tensor over memory of ours, without a copy. Free it with `release`; the memory must stay
   * referenced, and hold the shape's bytes, until then.
   * @param address where the first element is.
   */
  overMemory(memory: MemoryTensor): NativePointer;
  /** A tensor of strings, copied from framed BYTES data. */
  ofStrings(shape: Shape, data: Uint8Array): NativePointer;
  /** Copies a tensor out of the runtime. */
  read(name: string, value: NativePointer): Tensor;
  release(value: NativePointer): void;
}

/** A tensor's place in memory; any datatype but BYTES. */
export interface MemoryTensor {
  readonly datatype: Datatype;
  readonly shape: Shape;
  readonly address: NativePointer;
  readonly byteLength: number;
}

export function createTensorValues(environment: OnnxRuntimeEnvironment): TensorValues {
  const { api } = environment.library;
  const slot = createOutSlot();
  return {
    overMemory({ datatype, shape, address, byteLength }) {
      const dimensions = BigInt64Array.from(shape, BigInt);
      const status = api.CreateTensorWithDataAsOrtValue(
        environment.cpuMemory,
        address,
        byteLength,
        dimensions,
        shape.length,
        elementTypes[datatype],
        slot.address,
      );
      checkStatus(api, status, 'Cannot make a tensor');
      return slot.take();
    },
    ofStrings(shape, data) {
      const dimensions = BigInt64Array.from(shape, BigInt);
      const status = api.CreateTensorAsOrtValue(
        environment.allocator,
        dimensions,
        shape.length,
        elementTypes.BYTES,
        slot.address,
      );
      checkStatus(api, status, 'Cannot make a tensor of strings');
      const value = slot.take();
      try {
        fillStrings(api, value, data);
      } catch (error) {
        api.ReleaseValue(value);
        throw error;
      }
      return value;
    },
    read(name, value) {
      checkStatus(api, api.GetTensorTypeAndShape(value, slot.address), `Cannot read '${name}'`);
      const info = slot.take();
      try {
        const { datatype, shape } = readTensorInfo(api, name, info);
        const data =
          datatype === 'BYTES'
            ? readStrings(api, value, elementCount(shape) ?? 0)
            : readNumbers(api, value, (elementCount(shape) ?? 0) * datatypeBytes[datatype]);
        return { datatype, shape, data };
      } finally {
        api.ReleaseTensorTypeAndShapeInfo(info);
      }
    },
    release: (value) => api.ReleaseValue(value),
  };
}

/** Through the elements' own buffers, since the text functions of the API end at a NUL byte. */
function fillStrings(api: OnnxRuntimeApi, value: NativePointer, data: Uint8Array): void {
  const elements = decodeBytesElements(data);
  if (elements === undefined) {
    throw new HeadwayError('invalid_argument', 'BYTES data whose element lengths do not add up');
  }
  const slot = createOutSlot();
  for (const [index, element] of elements.entries()) {
    const status = api.GetResizedStringTensorElementBuffer(
      value,
      index,
      element.byteLength,
      slot.address,
    );
    checkStatus(api, status, 'Cannot fill a tensor of strings');
    copyToNative(element, slot.take());
  }
}

function readNumbers(api: OnnxRuntimeApi, value: NativePointer, byteLength: number): Uint8Array {
  const slot = createOutSlot();
  checkStatus(api, api.GetTensorMutableData(value, slot.address), 'Cannot read a tensor');
  const data = Buffer.allocUnsafeSlow(byteLength);
  copyFromNative(slot.take(), data);
  return data;
}

function readStrings(api: OnnxRuntimeApi, value: NativePointer, count: number): Uint8Array {
  const what = 'Cannot read a tensor of strings';
  const slot = createOutSlot();
  checkStatus(api, api.GetStringTensorDataLength(value, slot.address), what);
  const content = Buffer.allocUnsafeSlow(Number(slot.take()));
  const offsets = new BigUint64Array(count);
  const status = api.GetStringTensorContent(
    value,
    addressOf(content),
    content.byteLength,
    addressOf(offsets),
    count,
  );
  checkStatus(api, status, what);
  const data = Buffer.allocUnsafeSlow(content.byteLength + 4 * count);
  let position = 0;
  for (let index = 0; index < count; index += 1) {
    const start = Number(offsets[index]);
    const end = index + 1 < count ? Number(offsets[index + 1]) : content.byteLength;
    position = data.writeUInt32LE(end - start, position);
    position += content.copy(data, position, start, end);
  }
  return data;
}
