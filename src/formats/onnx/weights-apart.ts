import { readSync } from 'node:fs';
import { WireReader } from '../protobuf/reader.ts';
import { WireWriter } from '../protobuf/writer.ts';
import { graphFields, modelFields, nodeFields, propertyFields, tensorFields } from './fields.ts';
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

/**
 * Which operators use the weights that were set apart, by the weight's name: `Conv 1` where it is
 * the second input of a `Conv`.
 */
export function usersOfWeights(model: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  const uses: [input: string, user: string][] = [];
  const reader = new WireReader(graphOf(model), 'GraphProto');
  while (reader.nextField()) {
    if (reader.fieldNumber === graphFields.node) uses.push(...readUses(reader.bytes()));
    else if (reader.fieldNumber === graphFields.initializer) {
      const name = nameIfApart(reader.bytes());
      if (name !== undefined) users.set(name, []);
    } else reader.unknown();
  }
  for (const [input, user] of uses) users.get(input)?.push(user);
  return users;
}

function graphOf(model: Uint8Array): Uint8Array {
  const reader = new WireReader(model, 'ModelProto');
  while (reader.nextField()) {
    if (reader.fieldNumber === modelFields.graph) return reader.bytes();
    reader.unknown();
  }
  return new Uint8Array(0);
}

function readUses(node: Uint8Array): [input: string, user: string][] {
  const reader = new WireReader(node, 'NodeProto');
  const inputs: string[] = [];
  let operator = '';
  while (reader.nextField()) {
    if (reader.fieldNumber === nodeFields.input) inputs.push(reader.text());
    else if (reader.fieldNumber === nodeFields.operator) operator = reader.text();
    else reader.unknown();
  }
  return inputs.map((input, index) => [input, `${operator} ${index}`]);
}

function nameIfApart(tensor: Uint8Array): string | undefined {
  const reader = new WireReader(tensor, 'TensorProto');
  let name = '';
  let isApart = false;
  while (reader.nextField()) {
    if (reader.fieldNumber === tensorFields.name) name = reader.text();
    else if (reader.fieldNumber === tensorFields.dataLocation) {
      isApart = reader.safeInteger() === externalLocation;
    } else reader.unknown();
  }
  return isApart ? name : undefined;
}
