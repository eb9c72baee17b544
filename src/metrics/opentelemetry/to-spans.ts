import { randomBytes } from 'node:crypto';
import type { TraceMoment, TraceRecord } from '../request-trace.ts';

/** A span of a trace, before it is written for the wire. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  /** Whether the parent is a span of another process. */
  readonly isParentRemote: boolean;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'server' | 'internal';
  /** Milliseconds since the Unix epoch, with a fraction. */
  readonly startEpochMs: number;
  readonly endEpochMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly events: readonly { readonly name: string; readonly epochMs: number }[];
  /** Why what it spans failed; `undefined` when it did not. */
  readonly failure: string | undefined;
}

/** The moments that are events of each span, and the first and last of them. */
interface SpanForm {
  readonly moments: readonly TraceMoment[];
  readonly start: TraceMoment;
  readonly end: TraceMoment;
}

const frontEndMoments: readonly TraceMoment[] = [
  'HTTP_RECV_START',
  'HTTP_RECV_END',
  'HTTP_SEND_START',
  'HTTP_SEND_END',
  'GRPC_WAITREAD_START',
  'GRPC_WAITREAD_END',
  'GRPC_SEND_START',
  'GRPC_SEND_END',
];

const modelForm: SpanForm = {
  moments: ['REQUEST_START', 'QUEUE_START', 'INFER_RESPONSE_COMPLETE', 'REQUEST_END'],
  start: 'REQUEST_START',
  end: 'REQUEST_END',
};

const queueForm: SpanForm = { moments: [], start: 'QUEUE_START', end: 'COMPUTE_START' };

const computeForm: SpanForm = {
  moments: ['COMPUTE_START', 'COMPUTE_INPUT_END', 'COMPUTE_OUTPUT_START', 'COMPUTE_END'],
  start: 'COMPUTE_START',
  end: 'COMPUTE_END',
};

/**
 * The spans of a request, named and nested as Triton does it: `InferRequest` over one named after
 * the model over `compute`; and `queue` beside that, which is an event alone there. A request that
 * came to no model has the first one only.
 * @param epochOffsetMs what is added to the clock's time to have milliseconds since the epoch.
 */
export function toSpans(record: TraceRecord, epochOffsetMs: number): readonly Span[] {
  const { parent, failure, moments } = record;
  if (moments.length === 0) return [];
  const times = moments.map(({ atMs }) => atMs + epochOffsetMs);
  const root: Span = {
    traceId: parent?.traceId ?? randomId(16),
    spanId: parent?.spanId ?? randomId(8),
    parentSpanId: parent?.parentSpanId ?? '',
    isParentRemote: parent !== undefined,
    traceState: parent?.traceState ?? '',
    name: 'InferRequest',
    kind: 'server',
    startEpochMs: Math.min(...times),
    endEpochMs: Math.max(...times),
    attributes: attributesOf(record),
    events: eventsOf(record, frontEndMoments, epochOffsetMs),
    failure,
  };
  const below = (above: Span, name: string, form: SpanForm): Span | undefined =>
    childSpan(above, name, { record, form, epochOffsetMs });
  const model = below(root, record.modelName, modelForm);
  if (model === undefined) return [root];
  const stages = [below(model, 'queue', queueForm), below(model, 'compute', computeForm)];
  return [root, model, ...stages.filter((span) => span !== undefined)];
}

interface ChildOptions {
  readonly record: TraceRecord;
  readonly form: SpanForm;
  readonly epochOffsetMs: number;
}

function childSpan(
  above: Span,
  name: string,
  { record, form, epochOffsetMs }: ChildOptions,
): Span | undefined {
  const start = record.moments.find((moment) => moment.name === form.start);
  const end = record.moments.find((moment) => moment.name === form.end);
  if (start === undefined || end === undefined) return undefined;
  return {
    ...above,
    spanId: randomId(8),
    parentSpanId: above.spanId,
    isParentRemote: false,
    name,
    kind: 'internal',
    startEpochMs: start.atMs + epochOffsetMs,
    endEpochMs: end.atMs + epochOffsetMs,
    events: eventsOf(record, form.moments, epochOffsetMs),
    failure: undefined,
  };
}

function attributesOf(record: TraceRecord): Span['attributes'] {
  const { id, modelName, modelVersion, requestId } = record;
  return {
    'triton.model_name': modelName,
    ...(modelVersion === undefined ? {} : { 'triton.model_version': modelVersion }),
    ...(requestId === '' ? {} : { 'triton.request_id': requestId }),
    'triton.trace_id': id,
    'triton.trace_parent_id': 0,
  };
}

function eventsOf(
  { moments }: TraceRecord,
  names: readonly TraceMoment[],
  epochOffsetMs: number,
): Span['events'] {
  return moments
    .filter(({ name }) => names.includes(name))
    .map(({ name, atMs }) => ({ name, epochMs: atMs + epochOffsetMs }));
}

function randomId(byteCount: number): string {
  return randomBytes(byteCount).toString('hex');
}
