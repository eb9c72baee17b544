import { WireWriter } from '../protobuf/writer.ts';
import {
  attributeFields,
  attributeTypes,
  dimensionFields,
  graphFields,
  modelFields,
  nodeFields,
  opsetFields,
  propertyFields,
  shapeFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from './fields.ts';
import type {
  OnnxAttribute,
  OnnxAttributeValue,
  OnnxDimension,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxProperty,
  OnnxTensor,
  OnnxType,
  OnnxValue,
  UnknownFields,
} from './model.ts';

const externalLocation = 1;

/**
 * Encodes a model as the chunks of an ONNX file, to be written one after the other. Weights are
 * not copied: the chunks refer to the model's own bytes.
 */
export function encodeOnnxModel(model: OnnxModel): Uint8Array[] {
  const writer = new WireWriter();
  writer.int64(modelFields.irVersion, model.irVersion);
  if (model.producerName !== '') writer.text(modelFields.producerName, model.producerName);
  writer.message(modelFields.graph, (graph) => writeGraph(graph, model.graph));
  for (const { domain, version } of model.opsetImports) {
    writer.message(modelFields.opsetImport, (opset) => {
      opset.text(opsetFields.domain, domain);
      opset.int64(opsetFields.version, version);
    });
  }
  writeProperties(writer, modelFields.metadataProps, model.metadata);
  writeUnknown(writer, model.unknownFields);
  return writer.finish();
}

function writeGraph(writer: WireWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) {
    writer.message(graphFields.node, (inner) => writeNode(inner, node));
  }
  writer.text(graphFields.name, graph.name);
  for (const tensor of graph.initializers) {
    writer.message(graphFields.initializer, (inner) => writeTensor(inner, tensor));
  }
  const writeValues = (fieldNumber: number, values: readonly OnnxValue[]): void => {
    for (const value of values) writer.message(fieldNumber, (inner) => writeValue(inner, value));
  };
  writeValues(graphFields.input, graph.inputs);
  writeValues(graphFields.output, graph.outputs);
  writeValues(graphFields.valueInfo, graph.valueInfo);
  writeUnknown(writer, graph.unknownFields);
}

function writeNode(writer: WireWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.text(nodeFields.input, input);
  for (const output of node.outputs) writer.text(nodeFields.output, output);
  if (node.name !== '') writer.text(nodeFields.name, node.name);
  writer.text(nodeFields.operator, node.operator);
  if (node.domain !== '') writer.text(nodeFields.domain, node.domain);
  for (const attribute of node.attributes) {
    writer.message(nodeFields.attribute, (inner) => writeAttribute(inner, attribute));
  }
  writeUnknown(writer, node.unknownFields);
}

function writeAttribute(writer: WireWriter, attribute: OnnxAttribute): void {
  const { name, value } = attribute;
  writer.text(attributeFields.name, name);
  writeAttributeValue(writer, value);
  // Every reader of IR version 3 or later wants the type; a reference to a function's attribute
  // may come without.
  const type = value.kind === 'other' ? value.type : attributeTypes[value.kind];
  if (type !== 0) writer.int64(attributeFields.type, type);
  writeUnknown(writer, attribute.unknownFields);
}

function writeAttributeValue(writer: WireWriter, value: OnnxAttributeValue): void {
  const fields = attributeFields;
  switch (value.kind) {
    case 'float':
      return writer.float(fields.float, value.value);
    case 'int':
      return writer.int64(fields.int, value.value);
    case 'string':
      return writer.bytes(fields.string, value.value);
    case 'tensor':
      return writer.message(fields.tensor, (inner) => writeTensor(inner, value.value));
    case 'graph':
      return writer.message(fields.graph, (inner) => writeGraph(inner, value.value));
    case 'floats':
      return value.values.forEach((element) => writer.float(fields.floats, element));
    case 'ints':
      return value.values.forEach((element) => writer.int64(fields.ints, element));
    case 'strings':
      return value.values.forEach((element) => writer.bytes(fields.strings, element));
    case 'tensors':
      return value.values.forEach((element) =>
        writer.message(fields.tensors, (inner) => writeTensor(inner, element)),
      );
    case 'graphs':
      return value.values.forEach((element) =>
        writer.message(fields.graphs, (inner) => writeGraph(inner, element)),
      );
    case 'other':
      return;
  }
  return value satisfies never;
}

function writeTensor(writer: WireWriter, tensor: OnnxTensor): void {
  writer.packedInt64(tensorFields.dims, tensor.dims);
  writer.int64(tensorFields.dataType, tensor.dataType);
  if (tensor.name !== '') writer.text(tensorFields.name, tensor.name);
  switch (tensor.data.kind) {
    case 'bytes':
      writer.bytes(tensorFields.rawData, tensor.data.bytes);
      break;
    case 'strings':
      for (const value of tensor.data.values) writer.bytes(tensorFields.stringData, value);
      break;
    case 'external':
      writeProperties(writer, tensorFields.externalData, tensor.data.properties);
      writer.int64(tensorFields.dataLocation, externalLocation);
      break;
  }
  writeUnknown(writer, tensor.unknownFields);
}

function writeValue(writer: WireWriter, value: OnnxValue): void {
  writer.text(valueFields.name, value.name);
  writeType(writer, value.type);
  writeUnknown(writer, value.unknownFields);
}

function writeType(writer: WireWriter, type: OnnxType): void {
  if (type.kind === 'other') {
    if (type.encoded.byteLength > 0) writer.bytes(valueFields.type, type.encoded);
    return;
  }
  const { dataType, shape } = type;
  writer.message(valueFields.type, (inner) =>
    inner.message(typeFields.tensorType, (tensor) => {
      tensor.int64(tensorTypeFields.elementType, dataType);
      if (shape !== undefined) {
        tensor.message(tensorTypeFields.shape, (dimensions) => writeShape(dimensions, shape));
      }
    }),
  );
}

function writeShape(writer: WireWriter, shape: readonly OnnxDimension[]): void {
  for (const dimension of shape) {
    writer.message(shapeFields.dimension, (inner) => {
      if (typeof dimension === 'number') inner.int64(dimensionFields.value, dimension);
      if (typeof dimension === 'string') inner.text(dimensionFields.parameter, dimension);
    });
  }
}

function writeProperties(
  writer: WireWriter,
  fieldNumber: number,
  properties: readonly OnnxProperty[],
): void {
  for (const { key, value } of properties) {
    writer.message(fieldNumber, (property) => {
      property.text(propertyFields.key, key);
      property.text(propertyFields.value, value);
    });
  }
}

function writeUnknown(writer: WireWriter, unknownFields: UnknownFields = []): void {
  for (const field of unknownFields) writer.raw(field);
}
