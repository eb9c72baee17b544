import { z } from 'zod';

// What OTLP 1.x says of ExportTraceServiceRequest in JSON, for the fields that are written here.
// Unknown fields are refused: a name that is wrong would be one.

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** A span as a collector reads it. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly traceState?: string | undefined;
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly { readonly timeUnixNano: string; readonly name: string }[];
  readonly status?: { readonly code: number; readonly message?: string | undefined } | undefined;
}

const digits: z.ZodType<string> = z.string().regex(/^\d+$/);

const attribute: z.ZodType<OtlpAttribute> = z.strictObject({
  key: z.string().min(1),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ intValue: digits }),
  ]),
});

const span: z.ZodType<OtlpSpan> = z.strictObject({
  traceId: z.string().regex(/^(?!0+$)[0-9a-f]{32}$/),
  spanId: z.string().regex(/^(?!0+$)[0-9a-f]{16}$/),
  parentSpanId: z.optional(z.string().regex(/^[0-9a-f]{16}$/)),
  traceState: z.optional(z.string()),
  flags: z.int().min(0),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: digits,
  endTimeUnixNano: digits,
  attributes: z.array(attribute),
  events: z.array(z.strictObject({ timeUnixNano: digits, name: z.string().min(1) })),
  status: z.optional(
    z.strictObject({ code: z.int().min(0).max(2), message: z.optional(z.string()) }),
  ),
});

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string; readonly version: string };
      readonly spans: readonly OtlpSpan[];
    }[];
  }[];
}

const exportRequest: z.ZodType<OtlpRequest> = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string(), version: z.string() }),
          spans: z.array(span),
        }),
      ),
    }),
  ),
});

/** The spans of a request, and the attributes of their resource. */
export interface OtlpExport {
  readonly spans: readonly OtlpSpan[];
  readonly resource: Readonly<Record<string, string>>;
}

/** Reads an ExportTraceServiceRequest; throws when it is none. */
export function readOtlp(json: string): OtlpExport {
  const { resourceSpans } = exportRequest.parse(JSON.parse(json));
  const resource: Record<string, string> = {};
  for (const each of resourceSpans)
    Object.assign(resource, readAttributes(each.resource.attributes));
  const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
  return { spans: scopes.flatMap(({ spans }) => spans), resource };
}

/** Attributes as an object; integers as their digits. */
export function readAttributes(
  attributes: readonly OtlpAttribute[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? '']),
  );
}
