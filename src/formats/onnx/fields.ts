/** Field numbers of ONNX's protobuf messages. Source: onnx.proto of github.com/onnx/onnx. */

export const modelFields = {
  irVersion: 1,
  producerName: 2,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
  trainingInfo: 20,
  functions: 25,
} as const;

export const opsetFields = { domain: 1, version: 2 } as const;

export const propertyFields = { key: 1, value: 2 } as const;

export const graphFields = {
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15,
} as const;

export const nodeFields = {
  input: 1,
  output: 2,
  name: 3,
  operator: 4,
  attribute: 5,
  domain: 7,
} as const;

export const attributeFields = {
  name: 1,
  float: 2,
  int: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  ints: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  type: 20,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;

export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const;

export const tensorFields = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

export const sparseTensorFields = { values: 1, indices: 2 } as const;

export const valueFields = { name: 1, type: 2 } as const;

export const typeFields = { tensorType: 1 } as const;

export const tensorTypeFields = { elementType: 1, shape: 2 } as const;

export const shapeFields = { dimension: 1 } as const;

export const dimensionFields = { value: 1, parameter: 2 } as const;

export const functionFields = { node: 7, attribute: 11 } as const;

export const trainingFields = { initialization: 1, algorithm: 2 } as const;
