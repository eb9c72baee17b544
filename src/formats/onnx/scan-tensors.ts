import type { FileHandle } from 'node:fs/promises';
import { type HeadwayError, invalidArgument } from '../../core/error.ts';
import { maxFieldNumber, wireTypes } from '../protobuf/reader.ts';
import {
  attributeFields,
  functionFields,
  graphFields,
  modelFields,
  nodeFields,
  sparseTensorFields,
  tensorFields,
  trainingFields,
} from './fields.ts';
import type { OnnxTensor } from './model.ts';
import { createParseBudget } from './parse-budget.ts';
import { parseTensor } from './parse-tensor.ts';

const windowBytes = 16 * 1024;
/** A tag and a number after it are at most this long. */
const headerBytes = 20;
const maxDepth = 100;
const maxTensorParts = 100_000;

type MessageName =
  | 'model'
  | 'graph'
  | 'node'
  | 'attribute'
  | 'function'
  | 'training'
  | 'sparseTensor'
  | 'tensor';

/** The messages that may hold tensors, and which of their fields lead to them. */
const children: Readonly<Record<MessageName, Readonly<Record<number, MessageName>>>> = {
  model: {
    [modelFields.graph]: 'graph',
    [modelFields.functions]: 'function',
    [modelFields.trainingInfo]: 'training',
  },
  graph: {
    [graphFields.node]: 'node',
    [graphFields.initializer]: 'tensor',
    [graphFields.sparseInitializer]: 'sparseTensor',
  },
  node: { [nodeFields.attribute]: 'attribute' },
  attribute: {
    [attributeFields.tensor]: 'tensor',
    [attributeFields.tensors]: 'tensor',
    [attributeFields.graph]: 'graph',
    [attributeFields.graphs]: 'graph',
    [attributeFields.sparseTensor]: 'sparseTensor',
    [attributeFields.sparseTensors]: 'sparseTensor',
  },
  function: { [functionFields.node]: 'node', [functionFields.attribute]: 'attribute' },
  training: { [trainingFields.initialization]: 'graph', [trainingFields.algorithm]: 'graph' },
  sparseTensor: { [sparseTensorFields.values]: 'tensor', [sparseTensorFields.indices]: 'tensor' },
  tensor: {},
};

/** What is kept of a tensor: all but its elements. */
const describingFields: ReadonlySet<number> = new Set([
  tensorFields.dims,
  tensorFields.dataType,
  tensorFields.name,
  tensorFields.externalData,
  tensorFields.dataLocation,
]);

/** A field of a file that has a length: where its tag, its content and what follows it begin. */
export interface FieldPlace {
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** Of smaller weights nobody is told: a file may have very many. */
const leastRawBytes = 64 * 1024;

/** A weight of the model's main graph that lies in the file as one field of at least 64 KiB. */
export interface RawWeight {
  readonly kind: 'raw';
  readonly graph: FieldPlace;
  readonly tensor: FieldPlace;
  readonly data: FieldPlace;
}

/** A tensor that keeps its elements in another file, wherever in the model it is. */
export interface ExternalTensor {
  readonly kind: 'external';
  readonly tensor: OnnxTensor;
}

/** A message that the scan is inside of. */
interface Frame {
  readonly message: MessageName;
  readonly place: FieldPlace;
  /** Of a tensor: its describing fields as they are in the file. */
  readonly parts: Uint8Array[];
  /** Of a tensor: its fields of raw elements. */
  readonly raw: FieldPlace[];
  isExternal: boolean;
}

/**
 * Walks an ONNX file and yields every tensor that keeps its elements in another file (weights,
 * attributes, sparse ones, in subgraphs, functions and training graphs too), and the weights of the
 * main graph that are in this one. Those are stepped over, not read.
 *
 * @throws HeadwayError `invalid_argument` when the file is no well-formed ONNX model.
 */
export async function* scanTensors(file: FileHandle): AsyncGenerator<ExternalTensor | RawWeight> {
  const { size } = await file.stat();
  const window = new FileWindow(file, size);
  const frames: Frame[] = [createFrame('model', { start: 0, content: 0, end: size })];
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    if (window.position === frame.place.end) {
      frames.pop();
      if (frame.isExternal) yield { kind: 'external', tensor: describeTensor(frame.parts) };
      else yield* rawWeight(frames, frame);
      continue;
    }
    if (!window.holds(headerBytes)) await window.load();
    const start = window.position;
    const tag = window.varint(frame.place.end);
    const fieldNumber = Math.floor(tag / 8);
    // Other readers take a larger one for what its lower bits say.
    if (fieldNumber < 1 || fieldNumber > maxFieldNumber) {
      throw malformed(`field number ${fieldNumber} is impossible`);
    }
    const end = endOfField(window, tag % 8, frame.place.end);
    const place = { start, content: window.position, end };
    const child = tag % 8 === wireTypes.bytes ? children[frame.message][fieldNumber] : undefined;
    if (child !== undefined) {
      if (frames.length > maxDepth) throw malformed(`messages nest deeper than ${maxDepth}`);
      frames.push(createFrame(child, place));
      continue;
    }
    if (frame.message === 'tensor' && fieldNumber === tensorFields.rawData) keepRaw(frame, place);
    if (frame.message === 'tensor' && describingFields.has(fieldNumber)) {
      window.position = start;
      if (!window.holds(end - start)) await window.load();
      keepPart(frame, fieldNumber, window.take(end));
    }
    window.position = end;
  }
}

function createFrame(message: MessageName, place: FieldPlace): Frame {
  return { message, place, parts: [], raw: [], isExternal: false };
}

/** @param outer the messages that the tensor, which is at its end, was in. */
function* rawWeight(outer: readonly Frame[], { message, place, raw }: Frame): Generator<RawWeight> {
  const [, graph] = outer;
  const [data] = raw;
  const isWeight = message === 'tensor' && outer.length === 2 && graph?.message === 'graph';
  if (!isWeight || data === undefined || raw.length > 1) return;
  if (data.end - data.content < leastRawBytes) return;
  yield { kind: 'raw', graph: graph.place, tensor: place, data };
}

/** Reads past the field's length, if it has one, and says where the field ends. */
function endOfField(window: FileWindow, wireType: number, messageEnd: number): number {
  let end: number;
  if (wireType === wireTypes.bytes) {
    const length = window.varint(messageEnd);
    end = window.position + length;
  } else if (wireType === wireTypes.varint) {
    window.varint(messageEnd);
    end = window.position;
  } else if (wireType === wireTypes.fixed32) end = window.position + 4;
  else if (wireType === wireTypes.fixed64) end = window.position + 8;
  else throw malformed(`wire type ${wireType} is not supported`);
  if (end > messageEnd) throw malformed('a field runs past the end of its message');
  return end;
}

function keepRaw(frame: Frame, place: FieldPlace): void {
  if (frame.raw.length === maxTensorParts) throw malformed('a tensor has too many parts');
  frame.raw.push(place);
}

/**
 * Readers merge a message that is written in several parts, so each part counts as external as
 * soon as it says anything about another file, whatever it says about the place of its elements.
 */
function keepPart(frame: Frame, fieldNumber: number, bytes: Uint8Array): void {
  if (frame.parts.length === maxTensorParts) throw malformed('a tensor has too many parts');
  frame.parts.push(bytes);
  if (fieldNumber === tensorFields.externalData) frame.isExternal = true;
  if (fieldNumber === tensorFields.dataLocation && !isPlainZero(bytes)) frame.isExternal = true;
}

/** Whether a field is its tag and the number 0 in their shortest form. */
function isPlainZero(field: Uint8Array): boolean {
  return field.byteLength === 2 && field[1] === 0;
}

function describeTensor(parts: readonly Uint8Array[]): OnnxTensor {
  const external = Uint8Array.of(tensorFields.dataLocation * 8, 1);
  return parseTensor(Buffer.concat([...parts, external]), createParseBudget(maxTensorParts));
}

function malformed(problem: string): HeadwayError {
  return invalidArgument(`This is no well-formed ONNX model: ${problem}.`);
}

/** A few kilobytes of a file, at the position that is being read. */
class FileWindow {
  readonly #file: FileHandle;
  readonly #size: number;
  readonly #buffer = Buffer.alloc(windowBytes);
  #start = 0;
  #end = 0;
  position = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Whether the next bytes, as far as the file has them, can be read without `load()`. */
  holds(byteCount: number): boolean {
    const end = Math.min(this.position + byteCount, this.#size);
    return this.position >= this.#start && end <= this.#end;
  }

  /** Moves the window so that it starts at the position. */
  async load(): Promise<void> {
    this.#start = this.position;
    this.#end = this.position;
    const wanted = Math.min(windowBytes, this.#size - this.position);
    while (this.#end - this.#start < wanted) {
      const filled = this.#end - this.#start;
      const { bytesRead } = await this.#file.read({
        buffer: this.#buffer,
        offset: filled,
        length: wanted - filled,
        position: this.#end,
      });
      if (bytesRead === 0) throw malformed('the file became shorter while it was read');
      this.#end += bytesRead;
    }
  }

  /** An unsigned number, exact up to 2^53; `end` is where its message ends. */
  varint(end: number): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      if (this.position >= end) throw malformed('a message ends inside a number');
      const byte = this.#buffer[this.position - this.#start] ?? 0;
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed('a number has more than 10 bytes');
  }

  /** A copy of the bytes up to `end`. */
  take(end: number): Uint8Array {
    if (end > this.#end) throw malformed('a name, a shape or a file reference is too long');
    return Uint8Array.prototype.slice.call(
      this.#buffer,
      this.position - this.#start,
      end - this.#start,
    );
  }
}
