import type { Clock } from '../core/clock.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import { decodeBytesElements } from '../core/tensor.ts';
import type { RequestTrace, TensorRecord, TraceRecord } from './request-trace.ts';
import { type TraceContext, formatTraceparent } from './trace-context.ts';
import type { TraceLevel } from './trace-settings.ts';

export interface CollectTraceOptions {
  readonly id: number;
  readonly modelName: string;
  readonly levels: readonly TraceLevel[];
  readonly context: TraceContext | undefined;
  readonly parent: TraceContext | undefined;
  readonly clock: Clock;
  /** Called once, when the trace ends. */
  readonly onEnd: (record: TraceRecord) => void;
}

/** Collects what is noted of one request. */
export function collectTrace(options: CollectTraceOptions): RequestTrace {
  const { id, modelName, levels, context, parent, clock, onEnd } = options;
  const moments: { name: TraceRecord['moments'][number]['name']; atMs: number }[] = [];
  const tensors: TensorRecord[] = [];
  const keepsTimes = levels.includes('TIMESTAMPS');
  const keepsTensors = levels.includes('TENSORS');
  let model: Pick<TraceRecord, 'modelVersion' | 'requestId'> = {
    modelVersion: undefined,
    requestId: '',
  };
  let hasEnded = false;
  return {
    now: clock.nowMs,
    traceparent: context === undefined ? undefined : formatTraceparent(context),
    mark(name, atMs) {
      if (keepsTimes && !hasEnded) moments.push({ name, atMs });
    },
    setModel(modelVersion, requestId) {
      model = { modelVersion, requestId };
    },
    addTensors(activity, named: NamedTensors) {
      if (!keepsTensors || hasEnded) return;
      for (const [name, tensor] of named) {
        const { datatype, shape } = tensor;
        tensors.push({ activity, name, datatype, shape, data: formatElements(tensor) });
      }
    },
    end(failure) {
      if (hasEnded) return;
      hasEnded = true;
      onEnd({ id, modelName, ...model, context, parent, moments, tensors, failure });
    },
  };
}

/** The elements as Triton writes them: numbers, booleans as 1 and 0, texts in quotes. */
function formatElements({ datatype, data }: Tensor): string {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const each = (bytes: number, read: (offset: number) => number | bigint): string => {
    const texts: string[] = [];
    for (let offset = 0; offset < data.byteLength; offset += bytes)
      texts.push(String(read(offset)));
    return texts.join(',');
  };
  switch (datatype) {
    case 'BOOL':
      return each(1, (offset) => (view.getUint8(offset) === 0 ? 0 : 1));
    case 'UINT8':
      return each(1, (offset) => view.getUint8(offset));
    case 'UINT16':
      return each(2, (offset) => view.getUint16(offset, true));
    case 'UINT32':
      return each(4, (offset) => view.getUint32(offset, true));
    case 'UINT64':
      return each(8, (offset) => view.getBigUint64(offset, true));
    case 'INT8':
      return each(1, (offset) => view.getInt8(offset));
    case 'INT16':
      return each(2, (offset) => view.getInt16(offset, true));
    case 'INT32':
      return each(4, (offset) => view.getInt32(offset, true));
    case 'INT64':
      return each(8, (offset) => view.getBigInt64(offset, true));
    case 'FP32':
      return each(4, (offset) => Number(view.getFloat32(offset, true).toPrecision(9)));
    case 'FP64':
      return each(8, (offset) => view.getFloat64(offset, true));
    case 'FP16':
    case 'BF16':
      return '';
    case 'BYTES':
      return (decodeBytesElements(data) ?? [])
        .map((element) => `"${Buffer.from(element).toString()}"`)
        .join(',');
  }
}
