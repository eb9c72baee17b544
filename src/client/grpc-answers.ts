import { isDatatype } from '../core/datatype.ts';
import { HeadwayError } from '../core/error.ts';
import type {
  ModelIndexMessage,
  ModelMetadataMessage,
  TensorMetadataMessage,
} from '../protocols/oip-grpc/codec/messages.ts';
import type {
  BatchStatisticsMessage,
  DurationMessage,
  ModelStatisticsMessage,
} from '../protocols/oip/codec/model-statistics.ts';
import type {
  DurationAnswer,
  IndexEntryAnswer,
  ModelMetadataAnswer,
  ModelStatisticsAnswer,
  TensorMetadataAnswer,
} from './answers.ts';

/** @throws HeadwayError `internal` when the server tells of a datatype that is none. */
export function toMetadataAnswer(message: ModelMetadataMessage): ModelMetadataAnswer {
  return {
    ...message,
    inputs: message.inputs.map(toTensorMetadata),
    outputs: message.outputs.map(toTensorMetadata),
  };
}

function toTensorMetadata({ name, datatype, shape }: TensorMetadataMessage): TensorMetadataAnswer {
  if (isDatatype(datatype)) return { name, datatype, shape: shape.map(Number) };
  throw new HeadwayError(
    'internal',
    `The server says that '${name}' has the datatype '${datatype}', which is none.`,
  );
}

/** An entry that was never loaded has its name alone. */
export function toIndexEntry({
  name,
  version,
  state,
  reason,
}: ModelIndexMessage): IndexEntryAnswer {
  return {
    name,
    ...(version === '' ? {} : { version }),
    ...(state === '' ? {} : { state }),
    ...(reason === '' ? {} : { reason }),
  };
}

export function toStatisticsAnswer(message: ModelStatisticsMessage): ModelStatisticsAnswer {
  const { name, version, last_inference, inference_count, execution_count } = message;
  const durations = Object.entries(message.inference_stats ?? {}) as [string, GivenDuration][];
  return {
    name,
    version,
    last_inference: Number(last_inference),
    inference_count: Number(inference_count),
    execution_count: Number(execution_count),
    inference_stats: Object.fromEntries(
      durations.map(([stage, duration]) => [stage, toDuration(duration)]),
    ),
    batch_stats: message.batch_stats.map(toBatchStatistics),
  };
}

type GivenDuration = DurationMessage | undefined;

function toBatchStatistics(
  message: BatchStatisticsMessage,
): ModelStatisticsAnswer['batch_stats'][number] {
  return {
    batch_size: Number(message.batch_size),
    compute_input: toDuration(message.compute_input),
    compute_infer: toDuration(message.compute_infer),
    compute_output: toDuration(message.compute_output),
  };
}

/** Sums beyond the exact integers lose their last digits, as they do in JSON. */
function toDuration(duration: GivenDuration): DurationAnswer {
  return { count: Number(duration?.count ?? 0), ns: Number(duration?.ns ?? 0) };
}
