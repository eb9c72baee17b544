import { randomBytes } from 'node:crypto';

/** Where a request stands in the trace of its caller. Source: W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the caller's span. */
  readonly parentSpanId: string;
  /** 16 hexadecimal digits: the request's own span. */
  readonly spanId: string;
  /** What vendors add, as it came; empty without. */
  readonly traceState: string;
}

/** Longer lists are dropped: the standard asks for 512 characters to be kept at least. */
const maxTraceStateLength = 512;

interface Traceparent {
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly flags: number;
}

function readTraceparent(text: string | undefined): Traceparent | undefined {
  const parts = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    text ?? '',
  );
  if (parts === null) return undefined;
  const [, version = '', traceId = '', parentSpanId = '', flags = '', rest] = parts;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentSpanId)) return undefined;
  return { traceId, parentSpanId, flags: Number.parseInt(flags, 16) };
}

/** Whether there is a caller that records its trace. */
export function isRecordedByCaller(traceparent: string | undefined): boolean {
  const flags = readTraceparent(traceparent)?.flags ?? 0;
  return flags % 2 === 1;
}

/**
 * Reads the headers `traceparent` and `tracestate`, and makes a span below the caller's.
 * @returns `undefined` without a valid `traceparent`.
 */
export function parseTraceContext(
  traceparent: string | undefined,
  tracestate = '',
): TraceContext | undefined {
  const read = readTraceparent(traceparent);
  if (read === undefined) return undefined;
  const { traceId, parentSpanId } = read;
  const traceState = tracestate.length > maxTraceStateLength ? '' : tracestate;
  return { traceId, parentSpanId, spanId: randomBytes(8).toString('hex'), traceState };
}

/** The value of the header `traceparent` for the request's own span, which is recorded. */
export function formatTraceparent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`;
}
