import type { OnnxDataType } from './data-type.ts';

/**
 * An ONNX model as graph passes work on it. What the model has no place for, such as functions,
 * training information and documentation, is kept in `unknownFields` and written again as it was.
 * Source: onnx.proto of github.com/onnx/onnx, IR version 10 and later additions.
 */
export interface OnnxModel {
  readonly irVersion: number;
  readonly opsetImports: readonly OnnxOpset[];
  readonly producerName: string;
  readonly metadata: readonly OnnxProperty[];
  readonly graph: OnnxGraph;
  readonly unknownFields?: UnknownFields;
}

/** Encoded fields, tags included, in the order they were met. */
export type UnknownFields = readonly Uint8Array[];

/** The version of an operator set; the domain `''` is ONNX's own. */
export interface OnnxOpset {
  readonly domain: string;
  readonly version: number;
}

export interface OnnxProperty {
  readonly key: string;
  readonly value: string;
}

export interface OnnxGraph {
  readonly name: string;
  /** In topological order. */
  readonly nodes: readonly OnnxNode[];
  /** The constants, weights among them. One that is also in `inputs` is a default. */
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Types of values in between, where the file states them. */
  readonly valueInfo: readonly OnnxValue[];
  readonly unknownFields?: UnknownFields;
}

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  /** The operator set the operator is from; `''` is ONNX's own. */
  readonly domain: string;
  /** Names of values; `''` for an optional one left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
  readonly unknownFields?: UnknownFields;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly value: OnnxAttributeValue;
  readonly unknownFields?: UnknownFields;
}

export type OnnxAttributeValue =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'string'; readonly value: Uint8Array }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph }
  | { readonly kind: 'floats'; readonly values: readonly number[] }
  | { readonly kind: 'ints'; readonly values: readonly bigint[] }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'tensors'; readonly values: readonly OnnxTensor[] }
  | { readonly kind: 'graphs'; readonly values: readonly OnnxGraph[] }
  /** A sparse tensor, a type or a reference; its fields are in `unknownFields`. */
  | { readonly kind: 'other'; readonly type: number };

export interface OnnxTensor {
  readonly name: string;
  readonly dataType: OnnxDataType;
  readonly dims: readonly number[];
  readonly data: OnnxTensorData;
  readonly unknownFields?: UnknownFields;
}

export type OnnxTensorData =
  /**
   * Row-major little-endian elements; two 4-bit ones in a byte, the first one low. Whichever field
   * the file keeps numbers in, they are read as these bytes and written as `raw_data`.
   */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'strings'; readonly values: readonly Uint8Array[] }
  /** In another file; the properties are `location`, and mostly `offset` and `length`. */
  | { readonly kind: 'external'; readonly properties: readonly OnnxProperty[] };

/** A graph input, output or value in between. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly unknownFields?: UnknownFields;
}

export type OnnxType =
  | {
      readonly kind: 'tensor';
      readonly dataType: OnnxDataType;
      /** `undefined` when even the number of dimensions is unknown. */
      readonly shape: readonly OnnxDimension[] | undefined;
    }
  /** A sequence, map, optional or other type, encoded; empty when the file states none. */
  | { readonly kind: 'other'; readonly encoded: Uint8Array };

/** A size, the symbolic name of one, or neither. */
export type OnnxDimension = number | string | undefined;
