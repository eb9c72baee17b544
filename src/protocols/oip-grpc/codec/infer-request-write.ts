import type { Parameters } from '../../../core/batch.ts';
import type { NamedTensors } from '../../../core/tensor.ts';
import { WireWriter } from '../../../formats/protobuf/writer.ts';
import { writeParameters, writeText } from './infer-parameter.ts';

/** A ModelInferRequest as a client makes it. */
export interface InferRequestMessage {
  readonly modelName: string;
  /** Empty for the server's choice. */
  readonly modelVersion: string;
  /** Empty for none. */
  readonly id: string;
  readonly inputs: NamedTensors;
  /** The outputs wanted, with the number of classes wanted instead of the tensor, 0 for the tensor itself; empty for all. */
  readonly outputs: readonly { readonly name: string; readonly classificationCount: number }[];
  /** The model's own and the reserved ones (`priority`, `timeout`). */
  readonly parameters: Parameters;
}

/**
 * Writes a ModelInferRequest with raw contents.
 * @returns the message in pieces; large tensors are pieces of their own, not copied.
 */
export function encodeInferRequest(message: InferRequestMessage): readonly Uint8Array[] {
  const writer = new WireWriter();
  writeText(writer, 1, message.modelName);
  writeText(writer, 2, message.modelVersion);
  writeText(writer, 3, message.id);
  writeParameters(writer, 4, message.parameters);
  for (const [name, { datatype, shape }] of message.inputs) {
    writer.message(5, (input) => {
      input.text(1, name);
      input.text(2, datatype);
      input.packedInt64(3, shape);
    });
  }
  for (const { name, classificationCount } of message.outputs) {
    writer.message(6, (output) => {
      output.text(1, name);
      if (classificationCount > 0) {
        writeParameters(output, 2, { classification: classificationCount });
      }
    });
  }
  for (const { data } of message.inputs.values()) writer.bytes(7, data);
  return writer.finish();
}
