import type { Datatype } from '../../core/datatype.ts';
import type { modelConfigSchema } from './schema.ts';

type Schema = typeof modelConfigSchema;

export type MessageName = keyof Schema;

/** What the table may say of a field; see `modelConfigSchema`. */
export interface FieldSchema {
  readonly type: MessageName | 'string' | 'bool' | 'int' | 'float' | 'datatype' | 'enum' | 'any';
  readonly values?: Readonly<Record<string, string>>;
  readonly repeated?: true;
  readonly map?: 'string' | 'int';
  readonly default?: string | number | boolean;
  readonly sameAsDefault?: number;
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  readonly effect?: 'ignored' | 'refused';
  readonly shorthand?: string;
  readonly description: string;
}

interface ScalarValues {
  string: string;
  bool: boolean;
  int: number;
  float: number;
  datatype: Datatype;
  any: undefined;
}

type ValueOf<Field> = Field extends { type: 'enum'; values: infer Values }
  ? Values[keyof Values]
  : Field extends { type: infer Type }
    ? Type extends keyof ScalarValues
      ? ScalarValues[Type]
      : Type extends MessageName
        ? DecodedMessage<Type>
        : never
    : never;

type DecodedField<Field> = Field extends { repeated: true }
  ? readonly ValueOf<Field>[]
  : Field extends { map: infer Key }
    ? ReadonlyMap<Key extends 'int' ? number : string, ValueOf<Field>>
    : Field extends { default: unknown }
      ? ValueOf<Field>
      : ValueOf<Field> | undefined;

/** A message after reading: every field of the table has its value or default. */
export type DecodedMessage<Name extends MessageName> = {
  readonly [Key in keyof Schema[Name]]: DecodedField<Schema[Name][Key]>;
} & {
  /** Where the message starts, counted from 1; 0 where the source has no lines. */
  readonly line: number;
};
