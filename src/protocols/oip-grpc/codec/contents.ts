import type { Datatype } from '../../../core/datatype.ts';
import { datatypeBytes } from '../../../core/datatype.ts';
import { type HeadwayError, invalidArgument } from '../../../core/error.ts';
import { encodeBytesElements } from '../../../core/tensor.ts';
import { WireReader } from '../../../formats/protobuf/reader.ts';

/** Whose contents are read. */
export interface TypedContents {
  readonly inputName: string;
  readonly modelName: string;
  readonly datatype: Datatype;
  /** The bytes of the InferTensorContents, once for each time the field was given. */
  readonly messages: readonly Uint8Array[];
  /** The most bytes the tensor may take. */
  readonly maxBytes: number;
}

/** The lists of InferTensorContents and the datatypes each carries, its own first. */
const lists: readonly (readonly Datatype[])[] = [
  [],
  ['BOOL'],
  ['INT32', 'INT8', 'INT16'],
  ['INT64'],
  ['UINT32', 'UINT8', 'UINT16'],
  ['UINT64'],
  ['FP32'],
  ['FP64'],
  ['BYTES'],
];

/**
 * Turns the typed contents of an input into tensor bytes. Integers wider than the datatype lose
 * their upper bits, as they do in Triton.
 * @throws HeadwayError `invalid_argument` when the elements are not of the datatype, when two lists
 * are given, or when the tensor is too large.
 */
export function readTypedContents(contents: TypedContents): Uint8Array {
  const { datatype } = contents;
  const pieces: Uint8Array[] = [];
  let listNumber = 0;
  for (const message of contents.messages) {
    const reader = new WireReader(message, 'InferTensorContents');
    while (reader.nextField()) {
      const { fieldNumber } = reader;
      const carried = lists[fieldNumber];
      const [own] = carried ?? [];
      if (carried === undefined || own === undefined) {
        reader.unknown();
        continue;
      }
      const piece = readPiece(reader, own);
      if (piece.byteLength === 0 && own !== 'BYTES') continue;
      if (listNumber !== 0 && listNumber !== fieldNumber) throw suppliedTwice(contents);
      if (!carried.includes(datatype)) throw otherDatatype(contents, own);
      listNumber = fieldNumber;
      pieces.push(piece);
    }
  }
  if (datatype === 'BYTES') return encodeStrings(pieces, contents);
  const isFloat = datatype === 'FP32' || datatype === 'FP64';
  return isFloat ? joinPieces(pieces) : decodeIntegers(pieces, contents);
}

function readPiece(reader: WireReader, own: Datatype): Uint8Array {
  if (own === 'FP32') return reader.fixedElements(4);
  if (own === 'FP64') return reader.fixedElements(8);
  return own === 'BYTES' ? reader.bytes() : reader.varintElements();
}

function suppliedTwice({ inputName, modelName }: TypedContents): HeadwayError {
  return invalidArgument(
    `unexpected explicit tensor data for input tensor '${inputName}' for model '${modelName}', binary data was already supplied.`,
  );
}

function otherDatatype({ inputName, modelName, datatype }: TypedContents, given: Datatype): Error {
  return invalidArgument(
    `unexpected explicit tensor data for input tensor '${inputName}' for model '${modelName}' of type '${given}', expected datatype '${datatype}'`,
  );
}

function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  // A view that is a Uint8Array even of a Buffer, whose `slice` would not copy.
  if (first !== undefined && pieces.length === 1) {
    return new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function encodeStrings(pieces: readonly Uint8Array[], contents: TypedContents): Uint8Array {
  let total = 0;
  for (const { byteLength } of pieces) total += 4 + byteLength;
  assertSize(total, contents);
  return encodeBytesElements(pieces);
}

function assertSize(byteLength: number, { inputName, maxBytes }: TypedContents): void {
  if (byteLength <= maxBytes) return;
  throw invalidArgument(
    `The typed contents of input '${inputName}' take ${byteLength} bytes, more than the limit of ${maxBytes}.`,
  );
}

function decodeIntegers(pieces: readonly Uint8Array[], contents: TypedContents): Uint8Array {
  const { datatype } = contents;
  const elementBytes = datatypeBytes[datatype] ?? 1;
  let count = 0;
  for (const piece of pieces) {
    for (const byte of piece) if (byte < 0x80) count += 1;
  }
  assertSize(count * elementBytes, contents);
  const data = new Uint8Array(count * elementBytes);
  const view = new DataView(data.buffer);
  let offset = 0;
  for (const piece of pieces) {
    eachVarint(piece, (low, high) => {
      switch (elementBytes) {
        case 1:
          // A BOOL of any other number is true, as in protobuf.
          data[offset] = datatype === 'BOOL' ? Number((low | high) !== 0) : low;
          break;
        case 2:
          view.setUint16(offset, low, true);
          break;
        case 4:
          view.setUint32(offset, low, true);
          break;
        default:
          view.setUint32(offset, low, true);
          view.setUint32(offset + 4, high, true);
      }
      offset += elementBytes;
    });
  }
  return data;
}

/** Gives the lower and upper 32 bits of each varint to `take`. */
function eachVarint(bytes: Uint8Array, take: (low: number, high: number) => void): void {
  let low = 0;
  let high = 0;
  let shift = 0;
  for (const byte of bytes) {
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >> 4;
    } else if (shift < 64) high |= bits << (shift - 32);
    else throw invalidArgument('Malformed protobuf: a number has more than 10 bytes.');
    shift += 7;
    if (byte >= 0x80) continue;
    take(low, high);
    low = 0;
    high = 0;
    shift = 0;
  }
  if (shift !== 0) throw invalidArgument('Malformed protobuf: a list of numbers ends inside one.');
}
