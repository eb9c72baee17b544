import { type HeadwayError, invalidArgument } from '../../core/error.ts';
import { WireReader } from '../protobuf/reader.ts';
import { modelFields, opsetFields } from './fields.ts';
import type { OnnxGraph, OnnxModel, OnnxOpset, OnnxProperty } from './model.ts';
import { createParseBudget, messageCost } from './parse-budget.ts';
import { parseGraph } from './parse-graph.ts';
import { parseProperty } from './parse-tensor.ts';

/** A million messages, which is ten times what the largest models have. */
const maxCost = 1_000_000 * messageCost;

/**
 * Parses an ONNX file. Weights stay views into `bytes`, which must not be written to while the
 * model is in use.
 *
 * @throws HeadwayError `invalid_argument` for anything that is no ONNX model: truncated or foreign
 * bytes, subgraphs nested deeper than 32, or more than a million parts.
 */
export function parseOnnxModel(bytes: Uint8Array): OnnxModel {
  const budget = createParseBudget(maxCost);
  const reader = new WireReader(bytes, 'ModelProto');
  const opsetImports: OnnxOpset[] = [];
  const metadata: OnnxProperty[] = [];
  const unknownFields: Uint8Array[] = [];
  let irVersion = 0;
  let producerName = '';
  let graph: OnnxGraph | undefined;
  while (reader.nextField()) {
    switch (reader.fieldNumber) {
      case modelFields.irVersion:
        irVersion = reader.safeInteger();
        break;
      case modelFields.producerName:
        producerName = reader.text();
        break;
      case modelFields.graph:
        if (graph !== undefined) throw reader.failure('the model has two graphs');
        graph = parseGraph(reader.bytes(), budget);
        break;
      case modelFields.opsetImport:
        budget.spend(messageCost);
        opsetImports.push(parseOpset(reader.bytes()));
        break;
      case modelFields.metadataProps:
        metadata.push(parseProperty(reader.bytes(), budget));
        break;
      default:
        unknownFields.push(budget.keep(reader.unknown()));
    }
  }
  if (graph === undefined || irVersion === 0) throw notOnnx();
  return { irVersion, opsetImports, producerName, metadata, graph, unknownFields };
}

function notOnnx(): HeadwayError {
  return invalidArgument('This is no ONNX model: it has no graph or no IR version.');
}

function parseOpset(bytes: Uint8Array): OnnxOpset {
  const reader = new WireReader(bytes, 'OperatorSetIdProto');
  let domain = '';
  let version = 0;
  while (reader.nextField()) {
    if (reader.fieldNumber === opsetFields.domain) domain = reader.text();
    else if (reader.fieldNumber === opsetFields.version) version = reader.safeInteger();
    else reader.unknown();
  }
  return { domain, version };
}
