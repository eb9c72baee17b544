import type { ModelConfig } from '../../config/model-config.ts';
import { datatypeBytes } from '../../core/datatype.ts';
import { invalidArgument } from '../../core/error.ts';
import type { Tensor, TensorSpec } from '../../core/tensor.ts';
import type { ModelSignature } from '../backend.ts';

/** How requests of different shapes share a batch. */
export interface Padding {
  /** The bytes of one element by input, for the inputs that may be padded. */
  readonly elements: ReadonlyMap<string, Uint8Array>;
  /** By output: for each axis the input and axis whose size a request's answer is cut down to. */
  readonly trims: ReadonlyMap<string, readonly (AxisOf | undefined)[]>;
}

interface AxisOf {
  readonly input: string;
  readonly axis: number;
}

type Write = (view: DataView, value: number) => void;

const writers: Readonly<Partial<Record<TensorSpec['datatype'], Write>>> = {
  BOOL: (view, value) => view.setUint8(0, value === 0 ? 0 : 1),
  UINT8: (view, value) => view.setUint8(0, value),
  UINT16: (view, value) => view.setUint16(0, value, true),
  UINT32: (view, value) => view.setUint32(0, value, true),
  UINT64: (view, value) => view.setBigUint64(0, BigInt(value), true),
  INT8: (view, value) => view.setInt8(0, value),
  INT16: (view, value) => view.setInt16(0, value, true),
  INT32: (view, value) => view.setInt32(0, value, true),
  INT64: (view, value) => view.setBigInt64(0, BigInt(value), true),
  FP16: (view, value) => view.setFloat16(0, value, true),
  FP32: (view, value) => view.setFloat32(0, value, true),
  FP64: (view, value) => view.setFloat64(0, value, true),
};

/**
 * Works out padding from the inputs' declared pad values and the model's dimension names.
 * @returns `undefined` when no input declares a pad value.
 * @throws HeadwayError `invalid_argument` when an answer could not be cut back to what the request
 * would have got alone: an output dimension that varies and is not named like a padded input's.
 */
export function paddingOf(config: ModelConfig, signature: ModelSignature): Padding | undefined {
  const elements = new Map<string, Uint8Array>();
  for (const { name, datatype, padValue } of config.inputs) {
    if (padValue === undefined) continue;
    const write = writers[datatype];
    const bytes = datatypeBytes[datatype];
    if (write === undefined || bytes === undefined) {
      throw invalidArgument(
        `Model '${config.name}': input '${name}' of datatype ${datatype} cannot be padded.`,
      );
    }
    const element = new Uint8Array(bytes);
    write(new DataView(element.buffer), padValue);
    elements.set(name, element);
  }
  if (elements.size === 0) return undefined;
  const trims = new Map(
    signature.outputs.map((output) => [
      output.name,
      output.shape.map((size, axis) =>
        axis === 0 || size !== -1
          ? undefined
          : trimAxis({ model: config.name, output, axis, inputs: signature.inputs, elements }),
      ),
    ]),
  );
  return { elements, trims };
}

function trimAxis(search: {
  readonly model: string;
  readonly output: TensorSpec;
  readonly axis: number;
  readonly inputs: readonly TensorSpec[];
  readonly elements: ReadonlyMap<string, unknown>;
}): AxisOf {
  const { model, output, axis, inputs, elements } = search;
  const dimension = output.dimensionNames?.[axis];
  for (const input of dimension === undefined ? [] : inputs) {
    if (!elements.has(input.name)) continue;
    const inputAxis = input.dimensionNames?.indexOf(dimension) ?? -1;
    if (inputAxis > 0) return { input: input.name, axis: inputAxis };
  }
  throw invalidArgument(
    `Model '${model}' declares a pad value, but dimension ${axis} of its output '${output.name}' varies and is not named like a padded input's, so answers could not be cut back. Remove pad_value.`,
  );
}

/** The shape a request's answer has when its rows are cut out of a padded batch. */
export function trimmedShape(
  joined: Tensor,
  rowCount: number,
  request: {
    readonly trims: readonly (AxisOf | undefined)[] | undefined;
    readonly inputs: ReadonlyMap<string, Tensor>;
  },
): number[] {
  return joined.shape.map((size, axis) => {
    if (axis === 0) return rowCount;
    const from = request.trims?.[axis];
    if (from === undefined) return size;
    return request.inputs.get(from.input)?.shape[from.axis] ?? size;
  });
}
