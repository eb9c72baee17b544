/** What models written as scripts import. Published as `headway/script`. */
export type { Datatype } from '../core/datatype.ts';
export { type ErrorCode, HeadwayError, invalidArgument } from '../core/error.ts';
export type { Tensor, TensorSpec } from '../core/tensor.ts';
export type {
  Execute,
  ExecuteContext,
  Finalise,
  InferOptions,
  Initialise,
  Script,
  ScriptContext,
  ScriptRequest,
  ScriptResponse,
  ScriptSignature,
  TensorRecord,
} from './script.ts';
export { elementsOf, inputOf, tensor, textsOf } from './tensors.ts';
