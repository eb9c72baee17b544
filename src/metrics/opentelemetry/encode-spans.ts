import { toEpochNs } from '../epoch-ns.ts';
import type { Span } from './to-spans.ts';

/** Who made the spans. */
export interface SpanOrigin {
  /** Attributes of the resource, such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  /** Version of the program. */
  readonly version: string;
}

const kinds = { internal: 1, server: 2 } as const;
const statusError = 2;

/** Bits of a span's flags: sampled; that it is known whether the parent is remote; that it is. */
const sampled = 0x001;
const hasIsRemote = 0x100;
const isRemote = 0x200;

/**
 * Writes an ExportTraceServiceRequest in the JSON encoding of OTLP: ids in hexadecimal, integers of
 * 64 bits as texts. Source: the OpenTelemetry protocol specification, JSON Protobuf Encoding.
 */
export function encodeSpans(spans: readonly Span[], { resource, version }: SpanOrigin): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: toAttributes(resource) },
        scopeSpans: [{ scope: { name: 'headway', version }, spans: spans.map(toJson) }],
      },
    ],
  });
}

function toJson(span: Span): object {
  const remote = span.isParentRemote ? isRemote : 0;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.traceState === '' ? {} : { traceState: span.traceState }),
    ...(span.parentSpanId === '' ? {} : { parentSpanId: span.parentSpanId }),
    flags: sampled + hasIsRemote + remote,
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: toEpochNs(span.startEpochMs),
    endTimeUnixNano: toEpochNs(span.endEpochMs),
    attributes: toAttributes(span.attributes),
    events: span.events.map(({ name, epochMs }) => ({ timeUnixNano: toEpochNs(epochMs), name })),
    ...(span.failure === undefined ? {} : { status: { code: statusError, message: span.failure } }),
  };
}

function toAttributes(attributes: Readonly<Record<string, string | number>>): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));
}
