/**
 * What a text-format document says, in the order it says it. A list `a: [1, 2]` and the repeated
 * form `a: 1 a: 2` mean the same and give the same fields, so an empty list gives none.
 */
export interface PbtxtMessage {
  readonly kind: 'message';
  readonly fields: readonly PbtxtField[];
}

/** One `name: value`; the position is that of the name, both counted from 1. */
export interface PbtxtField {
  readonly name: string;
  readonly value: PbtxtValue;
  readonly line: number;
  readonly column: number;
}

/**
 * A value as written. Which of them a field may hold is for the schema to say: `true` and enum
 * values are identifiers, and so are `inf` and `nan` without a sign.
 */
export type PbtxtValue =
  | PbtxtMessage
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'identifier'; readonly name: string };
