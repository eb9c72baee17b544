import { inspect } from 'node:util';
import { isDatatype } from '../../core/datatype.ts';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { elementCount, formatShape } from '../../core/shape.ts';
import {
  type Tensor,
  type TensorSpec,
  decodeBytesElements,
  tensorByteLength,
} from '../../core/tensor.ts';
import type { ModelSignature } from '../backend.ts';
import type { SentCall } from './messages.ts';

/** Checks values that come from a script: whatever they claim to be, they may be anything. */

/**
 * Reads a tensor whose bytes are what its datatype and shape promise.
 * @returns what is wrong with it, as a text.
 */
export function readTensor(value: unknown): Tensor | string {
  if (!isRecord(value)) return 'is no tensor; make it with tensor() of headway/script';
  const { datatype, shape, data } = value;
  if (typeof datatype !== 'string' || !isDatatype(datatype)) {
    return `has the datatype '${textOf(datatype)}', which does not exist`;
  }
  if (!isNumbers(shape) || elementCount(shape) === undefined) {
    return `has a shape that is no list of whole numbers`;
  }
  if (!(data instanceof Uint8Array)) return 'has data that is no Uint8Array';
  const expectedBytes = tensorByteLength(datatype, shape);
  if (expectedBytes === undefined) {
    if (decodeBytesElements(data)?.length !== elementCount(shape)) {
      return `has data that is not ${elementCount(shape)} elements, each a 4-byte length and that many bytes`;
    }
  } else if (data.byteLength !== expectedBytes) {
    return `has ${data.byteLength} bytes, and ${datatype} ${formatShape(shape)} takes ${expectedBytes}`;
  }
  return { datatype, shape, data };
}

/** Reads a script's call of another model. @throws HeadwayError `invalid_argument`. */
export function readCall(value: unknown): SentCall {
  const call = isRecord(value) ? value : {};
  const { model, version, inputs, outputNames, parameters } = call;
  if (typeof model !== 'string' || !(inputs instanceof Map) || !isTexts(outputNames)) {
    throw invalidArgument('infer() takes the name of a model, tensors by name, and options.');
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, given] of inputs) {
    const tensor = readTensor(given);
    if (typeof tensor === 'string') {
      throw invalidArgument(`infer('${model}'): the tensor '${textOf(name)}' ${tensor}.`);
    }
    tensors.set(textOf(name), tensor);
  }
  return {
    model,
    version: typeof version === 'number' ? version : undefined,
    inputs: tensors,
    outputNames,
    parameters: isRecord(parameters) ? (parameters as SentCall['parameters']) : {},
  };
}

/**
 * Reads the signature a script exports; `undefined` when it exports none.
 * @throws HeadwayError `invalid_argument`.
 */
export function readSignature(value: unknown): ModelSignature | undefined {
  if (value === undefined) return undefined;
  const { inputs, outputs } = isRecord(value) ? value : {};
  const [ins, outs] = [readSpecs(inputs), readSpecs(outputs)];
  if (ins !== undefined && outs !== undefined) return { inputs: ins, outputs: outs };
  throw invalidArgument(
    "its export 'signature' must be { inputs: […], outputs: […] }, each entry { name, datatype, shape }, with -1 for any size",
  );
}

function readSpecs(value: unknown): readonly TensorSpec[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const specs = value.map(readSpec);
  return specs.includes(undefined) ? undefined : (specs as readonly TensorSpec[]);
}

function readSpec(value: unknown): TensorSpec | undefined {
  const { name, datatype, shape } = isRecord(value) ? value : {};
  const isNamed = typeof name === 'string' && name !== '';
  if (!isNamed || typeof datatype !== 'string' || !isDatatype(datatype)) return undefined;
  const isPattern = isNumbers(shape) && shape.every((size) => Number.isInteger(size) && size >= -1);
  return isPattern ? { name, datatype, shape } : undefined;
}

/** An error that says a script broke its side of the contract. */
export function scriptError(model: string, text: string): HeadwayError {
  return new HeadwayError('internal', `Model '${model}': ${text}`);
}

/** A text for anything, also for what cannot be made one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

/** Whether it is an object, whose fields may be anything. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number');
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
