import { WireReader } from '../protobuf/reader.ts';
import { onnxByteLength } from './data-type.ts';
import { propertyFields, tensorFields } from './fields.ts';
import type { OnnxProperty, OnnxTensor, OnnxTensorData } from './model.ts';
import { messageCost, type ParseBudget } from './parse-budget.ts';

const externalLocation = 1;

/**
 * Parses a TensorProto. Raw and packed floating-point elements stay views into the file.
 *
 * @throws HeadwayError `invalid_argument`.
 */
export function parseTensor(bytes: Uint8Array, budget: ParseBudget): OnnxTensor {
  budget.spend(messageCost);
  const reader = new WireReader(bytes, 'TensorProto');
  const elements = new ElementCollector(reader, budget, findDataType(bytes));
  const dims: number[] = [];
  const properties: OnnxProperty[] = [];
  const unknownFields: Uint8Array[] = [];
  let name = '';
  let isExternal = false;
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case tensorFields.dims:
        reader.eachInt64((dimension) => {
          budget.spend(1);
          dims.push(toDimension(dimension, reader));
        });
        break;
      case tensorFields.dataType:
        reader.int64();
        break;
      case tensorFields.name:
        name = reader.text();
        break;
      case tensorFields.externalData:
        properties.push(parseProperty(reader.bytes(), budget));
        break;
      case tensorFields.dataLocation:
        isExternal = reader.safeInteger() === externalLocation;
        break;
      default:
        if (!elements.take()) unknownFields.push(budget.keep(reader.unknown()));
    }
  }
  const data = isExternal ? ({ kind: 'external', properties } as const) : elements.data();
  return { name, dataType: elements.dataType, dims, data, unknownFields };
}

/** Parses a StringStringEntryProto. */
export function parseProperty(bytes: Uint8Array, budget: ParseBudget): OnnxProperty {
  budget.spend(messageCost);
  const reader = new WireReader(bytes, 'StringStringEntryProto');
  let key = '';
  let value = '';
  while (reader.nextField()) {
    if (reader.fieldNumber === propertyFields.key) key = reader.text();
    else if (reader.fieldNumber === propertyFields.value) value = reader.text();
    else reader.unknown();
  }
  return { key, value };
}

/** The width of integers in a repeated field depends on the type, which may be written after it. */
function findDataType(bytes: Uint8Array): number {
  const reader = new WireReader(bytes, 'TensorProto');
  let dataType = 0;
  while (reader.nextField()) {
    if (reader.fieldNumber === tensorFields.dataType) dataType = reader.safeInteger();
    else reader.unknown();
  }
  return dataType;
}

function toDimension(dimension: bigint, reader: WireReader): number {
  if (dimension >= 0n && dimension <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(dimension);
  throw reader.failure(`the dimension ${dimension} is out of range`);
}

/** Gathers a tensor's elements from whichever of the element fields the file uses. */
class ElementCollector {
  readonly dataType: number;
  readonly #reader: WireReader;
  readonly #budget: ParseBudget;
  readonly #pieces: Uint8Array[] = [];
  readonly #strings: Uint8Array[] = [];
  #source: number | undefined;

  constructor(reader: WireReader, budget: ParseBudget, dataType: number) {
    this.#reader = reader;
    this.#budget = budget;
    this.dataType = dataType;
  }

  /** Takes the field the reader is at, if it holds elements, and says whether it did. */
  take(): boolean {
    const reader = this.#reader;
    const field = reader.fieldNumber;
    switch (field) {
      case tensorFields.rawData:
        this.#pieces.length = 0;
        this.#pieces.push(reader.bytes());
        break;
      case tensorFields.floatData:
        this.#pieces.push(this.#budget.keep(reader.fixedElements(4)));
        break;
      case tensorFields.doubleData:
        this.#pieces.push(this.#budget.keep(reader.fixedElements(8)));
        break;
      case tensorFields.int32Data:
      case tensorFields.int64Data:
      case tensorFields.uint64Data:
        this.#pieces.push(this.#budget.keep(this.#integers()));
        break;
      case tensorFields.stringData:
        this.#strings.push(this.#budget.keep(reader.bytes()));
        break;
      default:
        return false;
    }
    if (this.#source !== undefined && this.#source !== field) {
      throw reader.failure(`the elements are in field ${this.#source} already`);
    }
    this.#source = field;
    return true;
  }

  data(): OnnxTensorData {
    if (this.#source === tensorFields.stringData) return { kind: 'strings', values: this.#strings };
    const [only, ...more] = this.#pieces;
    if (only === undefined) return { kind: 'bytes', bytes: new Uint8Array(0) };
    return { kind: 'bytes', bytes: more.length === 0 ? only : Buffer.concat(this.#pieces) };
  }

  #integers(): Uint8Array {
    const width = onnxByteLength(this.dataType, 1);
    if (width === undefined || width > 8) {
      throw this.#reader.failure(`elements of type ${this.dataType} cannot be integers`);
    }
    let bytes = Buffer.alloc(64);
    let length = 0;
    this.#reader.eachInt64((value) => {
      if (length + 8 > bytes.byteLength) bytes = Buffer.concat([bytes], bytes.byteLength * 2);
      bytes.writeBigInt64LE(value, length);
      length += width;
    });
    return bytes.subarray(0, length);
  }
}
