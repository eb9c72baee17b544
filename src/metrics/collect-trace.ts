import type { Clock } from '../core/clock.ts';
import { type Datatype, datatypeBytes } from '../core/datatype.ts';
import type { NamedTensors, Tensor } from '../core/tensor.ts';
import { decodeBytesElements } from '../core/tensor.ts';
import type { RequestTrace, TensorRecord, TraceRecord } from './request-trace.ts';
import { type TraceContext, formatTraceparent } from './trace-context.ts';
import type { TraceLevel } from './trace-settings.ts';

export interface CollectTraceOptions {
  readonly id: number;
  readonly modelName: string;
  readonly levels: readonly TraceLevel[];
  readonly parent: TraceContext | undefined;
  readonly clock: Clock;
  /** Called once, when the trace ends. */
  readonly onEnd: (record: TraceRecord) => void;
}

/** Collects what is noted of one request. */
export function collectTrace(options: CollectTraceOptions): RequestTrace {
  const { id, modelName, levels, parent, clock, onEnd } = options;
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
    traceparent: parent && formatTraceparent(parent),
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
      onEnd({ id, modelName, ...model, parent, moments, tensors, failure });
    },
  };
}

/** The elements as Triton writes them: numbers, booleans as 1 and 0, texts in quotes. */
function formatElements({ datatype, data }: Tensor): string {
  if (datatype === 'FP16' || datatype === 'BF16') return '';
  if (datatype === 'BYTES') {
    const elements = decodeBytesElements(data) ?? [];
    return elements.map((element) => `"${Buffer.from(element).toString()}"`).join(',');
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = readElement[datatype];
  const texts: string[] = [];
  for (let offset = 0; offset < data.byteLength; offset += datatypeBytes[datatype]) {
    texts.push(String(read(view, offset)));
  }
  return texts.join(',');
}

type ReadElement = (view: DataView, offset: number) => number | bigint;

const readElement: Readonly<Record<Exclude<Datatype, 'FP16' | 'BF16' | 'BYTES'>, ReadElement>> = {
  BOOL: (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1),
  UINT8: (view, offset) => view.getUint8(offset),
  UINT16: (view, offset) => view.getUint16(offset, true),
  UINT32: (view, offset) => view.getUint32(offset, true),
  UINT64: (view, offset) => view.getBigUint64(offset, true),
  INT8: (view, offset) => view.getInt8(offset),
  INT16: (view, offset) => view.getInt16(offset, true),
  INT32: (view, offset) => view.getInt32(offset, true),
  INT64: (view, offset) => view.getBigInt64(offset, true),
  FP32: (view, offset) => Number(view.getFloat32(offset, true).toPrecision(9)),
  FP64: (view, offset) => view.getFloat64(offset, true),
};
