import { WireReader } from '../../../formats/protobuf/reader.ts';
import { WireWriter } from '../../../formats/protobuf/writer.ts';

/** How values of one protobuf type are written and read. */
export interface WireType<T> {
  write(writer: WireWriter, fieldNumber: number, value: T): void;
  read(reader: WireReader): T;
}

/** A type with a default, which is left out where presence does not matter. */
export interface ScalarType<T> extends WireType<T> {
  readonly zero: T;
}

/** One field of a message. */
export interface Field<T> {
  readonly number: number;
  /** The value of a message that does not have the field. */
  initial(): T;
  write(writer: WireWriter, value: T): void;
  /** Reads one occurrence; `previous` is what was read before. */
  read(reader: WireReader, previous: T): T;
}

/** The fields of a message whose values are `Message`, by name. */
export type MessageTable<Message> = {
  readonly [Name in keyof Message]-?: Field<Message[Name]>;
};

/** An integer of 64 bits: a number where that is exact, a BigInt beyond. */
export type Integer = number | bigint;

export const text: ScalarType<string> = {
  zero: '',
  write: (writer, number, value) => writer.text(number, value),
  read: (reader) => reader.text(),
};

export const bool: ScalarType<boolean> = {
  zero: false,
  write: (writer, number, value) => writer.int64(number, value ? 1 : 0),
  read: (reader) => reader.bool(),
};

export const bytes: WireType<Uint8Array> = {
  write: (writer, number, value) => writer.bytes(number, value),
  read: (reader) => reader.bytes(),
};

export const double: ScalarType<number> = {
  zero: 0,
  write: (writer, number, value) => writer.double(number, value),
  read: (reader) => reader.double(),
};

export const int64: ScalarType<Integer> = {
  zero: 0,
  write: (writer, number, value) => writer.int64(number, value),
  read: (reader) => toInteger(reader.int64()),
};

export const uint64: ScalarType<Integer> = {
  ...int64,
  read: (reader) => toInteger(reader.uint64()),
};

function toInteger(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** An enum by the names of its values; numbers without a name read as the first one. */
export function enumOf(...names: readonly [string, ...string[]]): ScalarType<string> {
  return {
    zero: names[0],
    write: (writer, number, value) => writer.int64(number, Math.max(0, names.indexOf(value))),
    read: (reader) => names[reader.safeInteger()] ?? names[0],
  };
}

/** A nested message. `name` stands in error messages. */
export function nested<Message>(name: string, table: MessageTable<Message>): WireType<Message> {
  return {
    write: (writer, number, value) =>
      writer.message(number, (inner) => writeFields(inner, table, value)),
    read: (reader) => decodeMessage(name, table, reader.bytes()),
  };
}

/** A plain field: its zero is not written, and read where it is missing. */
export function field<T>(number: number, type: ScalarType<T>): Field<T> {
  const { zero } = type;
  return {
    number,
    initial: () => zero,
    write: (writer, value) => value !== zero && type.write(writer, number, value),
    read: (reader) => type.read(reader),
  };
}

/** A field whose presence means something, such as a nested message or a choice. */
export function optional<T>(number: number, type: WireType<T>): Field<T | undefined> {
  return {
    number,
    initial: () => undefined,
    write: (writer, value) => value !== undefined && type.write(writer, number, value),
    read: (reader) => type.read(reader),
  };
}

/** A list of texts, bytes or messages. */
export function repeated<T>(number: number, type: WireType<T>): Field<readonly T[]> {
  return {
    number,
    initial: () => [],
    write(writer, values) {
      for (const value of values) type.write(writer, number, value);
    },
    read(reader, previous) {
      (previous as T[]).push(type.read(reader));
      return previous;
    },
  };
}

/** A list of integers, written packed. */
export function packed(number: number): Field<readonly Integer[]> {
  return {
    number,
    initial: () => [],
    write: (writer, values) => writer.packedInt64(number, values),
    read(reader, previous) {
      reader.eachInt64((value) => (previous as Integer[]).push(toInteger(value)));
      return previous;
    },
  };
}

/** A map; the last of equal keys counts. Integer keys are their decimal texts. */
export function mapOf<T>(
  number: number,
  type: WireType<T>,
  keyType: 'text' | 'integer' = 'text',
): Field<Readonly<Record<string, T>>> {
  const key = keyType === 'text' ? field(1, text) : field(1, integerAsText);
  const entry: MessageTable<MapEntry<T>> = { key, value: optional(2, type) };
  return {
    number,
    // Without a prototype, so that a key such as `__proto__` is only a key.
    initial: () => Object.create(null) as Record<string, T>,
    write(writer, values) {
      for (const [name, value] of Object.entries(values)) {
        writer.message(number, (inner) => writeFields(inner, entry, { key: name, value }));
      }
    },
    read(reader, previous) {
      const { key: name, value } = decodeMessage('map entry', entry, reader.bytes());
      if (value !== undefined) (previous as Record<string, T>)[name] = value;
      return previous;
    },
  };
}

interface MapEntry<T> {
  readonly key: string;
  readonly value: T | undefined;
}

const integerAsText: ScalarType<string> = {
  zero: '0',
  write: (writer, number, value) => writer.int64(number, BigInt(value)),
  read: (reader) => String(reader.uint64()),
};

/** Writes a message whole. */
export function encodeMessage<Message>(
  table: MessageTable<Message>,
  value: Partial<Message>,
): Uint8Array {
  const writer = new WireWriter();
  writeFields(writer, table, value);
  return Buffer.concat(writer.finish());
}

function writeFields<Message>(
  writer: WireWriter,
  table: MessageTable<Message>,
  value: Partial<Message>,
): void {
  for (const name in table) {
    const given = value[name];
    if (given !== undefined) (table[name] as Field<unknown>).write(writer, given);
  }
}

/**
 * Reads a message whole; unknown fields are passed over, as protobuf wants.
 * @param name stands in error messages.
 * @throws HeadwayError `invalid_argument` when the bytes are no such message.
 */
export function decodeMessage<Message>(
  name: string,
  table: MessageTable<Message>,
  data: Uint8Array,
): Message {
  const values: Record<string, unknown> = {};
  const fields = new Map<number, readonly [string, Field<unknown>]>();
  for (const entry of Object.entries<Field<unknown>>(table)) {
    const [key, { number, initial }] = entry;
    values[key] = initial();
    fields.set(number, entry);
  }
  const reader = new WireReader(data, name);
  while (reader.nextField()) {
    const [key, known] = fields.get(reader.fieldNumber) ?? [];
    if (key === undefined || known === undefined) reader.unknown();
    else values[key] = known.read(reader, values[key]);
  }
  return values as Message;
}
