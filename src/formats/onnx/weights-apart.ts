import { readSync } from 'node:fs';
import { WireReader } from '../protobuf/reader.ts';
import { WireWriter } from '../protobuf/writer.ts';
import type { OnnxDataType } from './data-type.ts';
import {
  graphFields,
  modelFields,
  nodeFields,
  propertyFields,
  tensorFields,
  valueFields,
} from './fields.ts';
import type { RawWeight } from './scan-tensors.ts';

const externalLocation = 1;

/**
 * Writes a model anew without its large weights: they are referred to where they lie in the file,
 * as external data. Everything else is as it was.
 * @param fd the model's file; it is read in one go, since what is left is small.
 * @param weights those to set apart, in the order of the file, all of one graph.
 * @param location the file's name, relative to the folder that external data is looked up in.
 * Source: docs/ExternalData.md of github.com/onnx/onnx.
 */
export function setWeightsApart(
  fd: number,
  fileBytes: number,
  { weights, location }: { readonly weights: readonly RawWeight[]; readonly location: string },
): Uint8Array {
  const [first] = weights;
  if (first === undefined) return readRange(fd, 0, fileBytes);
  const { graph } = first;
  const writer = new WireWriter();
  writer.raw(readRange(fd, 0, graph.start));
  writer.message(modelFields.graph, (inner) => {
    let position = graph.content;
    for (const { tensor, data } of weights) {
      inner.raw(readRange(fd, position, tensor.start));
      inner.message(graphFields.initializer, (written) => {
        written.raw(readRange(fd, tensor.content, data.start));
        written.raw(readRange(fd, data.end, tensor.end));
        writeReference(written, {
          location,
          offset: data.content,
          length: data.end - data.content,
        });
      });
      position = tensor.end;
    }
    inner.raw(readRange(fd, position, graph.end));
  });
  writer.raw(readRange(fd, graph.end, fileBytes));
  return Buffer.concat(writer.finish());
}

function writeReference(
  writer: WireWriter,
  reference: { readonly location: string; readonly offset: number; readonly length: number },
): void {
  for (const [key, value] of Object.entries(reference)) {
    writer.message(tensorFields.externalData, (property) => {
      property.text(propertyFields.key, key);
      property.text(propertyFields.value, String(value));
    });
  }
  writer.int64(tensorFields.dataLocation, externalLocation);
}

function readRange(fd: number, start: number, end: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(end - start);
  let filled = 0;
  while (filled < bytes.byteLength) {
    const read = readSync(fd, bytes, filled, bytes.byteLength - filled, start + filled);
    if (read === 0) throw new RangeError('the file became shorter while it was read');
    filled += read;
  }
  return bytes;
}

/** A weight that was set apart. */
export interface WeightUse {
  readonly rank: number;
  readonly dataType: OnnxDataType;
  /** By which operators it is used: `Conv 1` where it is the second input of a `Conv`. */
  readonly users: readonly string[];
  /** Whether it is an input of the graph, too, so that another value may take its place. */
  readonly isInput: boolean;
}

/**
 * How the weights that were set apart are used.
 * @throws HeadwayError `invalid_argument` when the model is malformed, or two weights have one name.
 */
export function usesOfWeights(model: Uint8Array): readonly WeightUse[] {
  const weights = new Map<string, Initializer>();
  const users = new Map<string, string[]>();
  const inputs = new Set<string>();
  const reader = new WireReader(graphOf(model), 'GraphProto');
  while (reader.nextField()) {
    if (reader.fieldNumber === graphFields.node) noteUses(reader.bytes(), users);
    else if (reader.fieldNumber === graphFields.input) inputs.add(readName(reader.bytes()));
    else if (reader.fieldNumber === graphFields.initializer) {
      const weight = readInitializer(reader.bytes());
      if (weights.has(weight.name)) throw reader.failure('two initializers have one name');
      weights.set(weight.name, weight);
    } else reader.unknown();
  }
  return [...weights.values()]
    .filter(({ isApart }) => isApart)
    .map(({ name, rank, dataType }) => {
      return { rank, dataType, users: users.get(name) ?? [], isInput: inputs.has(name) };
    });
}

function graphOf(model: Uint8Array): Uint8Array {
  const reader = new WireReader(model, 'ModelProto');
  while (reader.nextField()) {
    if (reader.fieldNumber === modelFields.graph) return reader.bytes();
    reader.unknown();
  }
  return new Uint8Array(0);
}

function noteUses(node: Uint8Array, users: Map<string, string[]>): void {
  const reader = new WireReader(node, 'NodeProto');
  const inputs: string[] = [];
  let operator = '';
  while (reader.nextField()) {
    if (reader.fieldNumber === nodeFields.input) inputs.push(reader.text());
    else if (reader.fieldNumber === nodeFields.operator) operator = reader.text();
    else reader.unknown();
  }
  for (const [index, input] of inputs.entries()) {
    const user = `${operator} ${index}`;
    const known = users.get(input);
    if (known === undefined) users.set(input, [user]);
    else known.push(user);
  }
}

function readName(value: Uint8Array): string {
  const reader = new WireReader(value, 'ValueInfoProto');
  let name = '';
  while (reader.nextField()) {
    if (reader.fieldNumber === valueFields.name) name = reader.text();
    else reader.unknown();
  }
  return name;
}

interface Initializer {
  readonly name: string;
  readonly rank: number;
  readonly dataType: OnnxDataType;
  readonly isApart: boolean;
}

function readInitializer(tensor: Uint8Array): Initializer {
  const reader = new WireReader(tensor, 'TensorProto');
  const read = { name: '', rank: 0, dataType: 0, isApart: false };
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case tensorFields.name:
        read.name = reader.text();
        break;
      case tensorFields.dims:
        reader.eachInt64(() => (read.rank += 1));
        break;
      case tensorFields.dataType:
        read.dataType = reader.safeInteger();
        break;
      case tensorFields.dataLocation:
        read.isApart = reader.safeInteger() === externalLocation;
        break;
      default:
        reader.unknown();
    }
  }
  return read;
}
