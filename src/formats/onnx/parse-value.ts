import { WireReader } from '../protobuf/reader.ts';
import {
  dimensionFields,
  shapeFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from './fields.ts';
import type { OnnxDimension, OnnxType, OnnxValue } from './model.ts';
import { messageCost, type ParseBudget } from './parse-budget.ts';

/**
 * Parses a ValueInfoProto.
 *
 * @throws HeadwayError `invalid_argument`.
 */
export function parseValue(bytes: Uint8Array, budget: ParseBudget): OnnxValue {
  budget.spend(messageCost);
  const reader = new WireReader(bytes, 'ValueInfoProto');
  const unknownFields: Uint8Array[] = [];
  let name = '';
  let type: OnnxType = { kind: 'other', encoded: new Uint8Array(0) };
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case valueFields.name:
        name = reader.text();
        break;
      case valueFields.type:
        type = parseType(reader.bytes(), budget);
        break;
      default:
        unknownFields.push(budget.keep(reader.unknown()));
    }
  }
  return { name, type, unknownFields };
}

function parseType(bytes: Uint8Array, budget: ParseBudget): OnnxType {
  const reader = new WireReader(bytes, 'TypeProto');
  let type: OnnxType = { kind: 'other', encoded: bytes };
  while (reader.nextField()) {
    if (reader.fieldNumber === typeFields.tensorType)
      type = parseTensorType(reader.bytes(), budget);
    else reader.unknown();
  }
  return type;
}

function parseTensorType(bytes: Uint8Array, budget: ParseBudget): OnnxType {
  const reader = new WireReader(bytes, 'TypeProto.Tensor');
  let dataType = 0;
  let shape: OnnxDimension[] | undefined;
  while (reader.nextField()) {
    if (reader.fieldNumber === tensorTypeFields.elementType) dataType = reader.safeInteger();
    else if (reader.fieldNumber === tensorTypeFields.shape) {
      shape = parseShape(reader.bytes(), budget);
    } else reader.unknown();
  }
  return { kind: 'tensor', dataType, shape };
}

function parseShape(bytes: Uint8Array, budget: ParseBudget): OnnxDimension[] {
  const reader = new WireReader(bytes, 'TensorShapeProto');
  const shape: OnnxDimension[] = [];
  while (reader.nextField()) {
    if (reader.fieldNumber === shapeFields.dimension) {
      budget.spend(1);
      shape.push(parseDimension(reader.bytes()));
    } else reader.unknown();
  }
  return shape;
}

function parseDimension(bytes: Uint8Array): OnnxDimension {
  const reader = new WireReader(bytes, 'TensorShapeProto.Dimension');
  let dimension: OnnxDimension;
  while (reader.nextField()) {
    if (reader.fieldNumber === dimensionFields.value) {
      const size = reader.safeInteger();
      // Some exporters write a size below zero where it is not known.
      dimension = size < 0 ? undefined : size;
    } else if (reader.fieldNumber === dimensionFields.parameter) {
      dimension = reader.text() || undefined;
    } else reader.unknown();
  }
  return dimension;
}
