import type { Parameters } from '../../../core/batch.ts';
import type { Tensor } from '../../../core/tensor.ts';
import { WireWriter } from '../../../formats/protobuf/writer.ts';
import type { InferResponse, SharedMemoryReference } from '../../../server/interface.ts';
import { writeParameters, writeText } from './infer-parameter.ts';

/** How an answer is written. */
export interface ResponseForm {
  /** Outputs that lie in shared memory and not in the message. */
  readonly outputRegions: ReadonlyMap<string, SharedMemoryReference>;
  /** Added to the model's own parameters. */
  readonly parameters: Parameters;
}

type Answer = Pick<InferResponse, 'modelName' | 'modelVersion' | 'id' | 'parameters' | 'outputs'>;

/**
 * Writes a ModelInferResponse. Tensors always go as raw contents, one entry for each output that is
 * not in shared memory, even an empty one.
 * @returns the message in pieces; large tensors are pieces of their own, not copied.
 */
export function encodeInferResponse(answer: Answer, form: ResponseForm): readonly Uint8Array[] {
  const writer = new WireWriter();
  writeInferResponse(writer, answer, form);
  return writer.finish();
}

/** A ModelStreamInferResponse that holds an answer. */
export function encodeStreamResponse(answer: Answer, form: ResponseForm): readonly Uint8Array[] {
  const writer = new WireWriter();
  writer.message(2, (inner) => writeInferResponse(inner, answer, form));
  return writer.finish();
}

/** A ModelStreamInferResponse that tells of a failed request. */
export function encodeStreamError(
  message: string,
  id: string,
  parameters: Parameters,
): readonly Uint8Array[] {
  const writer = new WireWriter();
  writer.text(1, message);
  writer.message(2, (inner) => {
    writeText(inner, 3, id);
    writeParameters(inner, 4, parameters);
  });
  return writer.finish();
}

function writeInferResponse(writer: WireWriter, answer: Answer, form: ResponseForm): void {
  writeText(writer, 1, answer.modelName);
  writeText(writer, 2, answer.modelVersion);
  writeText(writer, 3, answer.id);
  writeParameters(writer, 4, answer.parameters);
  writeParameters(writer, 4, form.parameters);
  for (const [name, tensor] of answer.outputs) {
    const region = form.outputRegions.get(name);
    writer.message(5, (output) => writeOutput(output, { name, tensor, region }));
  }
  for (const [name, { data }] of answer.outputs) {
    if (!form.outputRegions.has(name)) writer.bytes(6, data);
  }
}

interface WrittenOutput {
  readonly name: string;
  readonly tensor: Tensor;
  readonly region: SharedMemoryReference | undefined;
}

function writeOutput(writer: WireWriter, { name, tensor, region }: WrittenOutput): void {
  writer.text(1, name);
  writer.text(2, tensor.datatype);
  writer.packedInt64(3, tensor.shape);
  if (region === undefined) return;
  writeParameters(writer, 4, {
    shared_memory_region: region.region,
    shared_memory_byte_size: tensor.data.byteLength,
    ...(Number(region.offsetBytes) === 0 ? {} : { shared_memory_offset: region.offsetBytes }),
  });
}
