import { randomBytes } from 'node:crypto';

/** Where a request stands in a distributed trace. Source: W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span of the caller, or our own. */
  readonly spanId: string;
  /** Whether the caller keeps its part of the trace. */
  readonly isSampled: boolean;
  /** What vendors add, passed on as it came; empty without. */
  readonly traceState: string;
}

/** Longer lists are dropped: the standard asks for 512 characters to be kept at least. */
const maxTraceStateLength = 512;

/**
 * Reads the headers `traceparent` and `tracestate`.
 * @returns `undefined` without a valid `traceparent`: the request then begins a trace of its own.
 */
export function parseTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  const parts = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    traceparent?.trim() ?? '',
  );
  if (parts === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = parts;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const traceState = tracestate?.trim() ?? '';
  return {
    traceId,
    spanId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    traceState: traceState.length > maxTraceStateLength ? '' : traceState,
  };
}

/** A span below the caller's, or the first one of a new trace. */
export function childContext(parent: TraceContext | undefined): TraceContext {
  return {
    traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
    spanId: createSpanId(),
    isSampled: true,
    traceState: parent?.traceState ?? '',
  };
}

export function createSpanId(): string {
  return randomBytes(8).toString('hex');
}

/** The value of the header `traceparent`. */
export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`;
}
