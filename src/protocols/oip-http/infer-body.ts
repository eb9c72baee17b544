import type { IncomingHttpHeaders } from 'node:http';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { type HeldBody, readBody } from '../http/body.ts';
import { parseContentCoding, unpackBody } from '../http/compression.ts';
import { gatherBytes } from '../http/gather.ts';
import { holdBytes } from '../http/held-bytes.ts';
import type { BodyLimits, ByteBudget } from '../http/limits.ts';
import type { HttpExchange } from '../http/route.ts';
import type { ContentCoding } from '../http/unpack.ts';

/** A plain body, what it took from the budget, and where its JSON ends. */
export interface InferBody extends HeldBody {
  /** `undefined` when all of the body is JSON; 0 for a raw request. */
  readonly headerLength: number | undefined;
}

export interface InferBodyOptions {
  readonly limits: BodyLimits;
  readonly budget: ByteBudget;
}

/**
 * Reads the body of an infer request, decompressed, with its binary part aligned.
 * @throws HeadwayError `unimplemented` for an unknown Content-Encoding, `invalid_argument` for a
 * header length that is no number or more than the body, and whatever reading a body throws.
 */
export async function readInferBody(
  { request, response }: HttpExchange,
  { limits, budget }: InferBodyOptions,
): Promise<InferBody> {
  const headerLength = parseHeaderLength(request.headers);
  let coding: ContentCoding | undefined;
  try {
    coding = parseContentCoding(request.headers['content-encoding']);
  } catch (thrown) {
    response.setHeader('Accept-Encoding', 'gzip, deflate');
    throw thrown;
  }
  const { maxBodyBytes: maxBytes } = limits;
  const alignedOffset = headerLength ?? 0;
  const isJson = headerLength === undefined && coding === undefined;
  const sent = await readBody(request, { maxBytes, isJson, budget, alignedOffset });
  const body =
    coding === undefined
      ? sent
      : await unpackHeld(sent, { coding, maxBytes, budget, alignedOffset });
  if (headerLength !== undefined && headerLength > body.bytes.byteLength) {
    body.held.release();
    throw invalidArgument(
      `The Inference-Header-Content-Length is ${headerLength}, more than the ${body.bytes.byteLength} bytes of the body.`,
    );
  }
  return { ...body, headerLength };
}

interface UnpackOptions {
  readonly coding: ContentCoding;
  readonly maxBytes: number;
  readonly budget: ByteBudget;
  readonly alignedOffset: number;
}

async function unpackHeld(sent: HeldBody, options: UnpackOptions): Promise<HeldBody> {
  const held = holdBytes(options.budget);
  const into = gatherBytes({ ...options, expectedBytes: undefined, held });
  try {
    return { bytes: await unpackBody(sent.bytes, { ...options, into }), held };
  } catch (thrown) {
    held.release();
    throw thrown;
  } finally {
    sent.held.release();
  }
}

function parseHeaderLength(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['inference-header-content-length'];
  if (text === undefined) return undefined;
  const length = typeof text === 'string' && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
  if (length !== undefined) return length;
  throw invalidArgument(
    `The Inference-Header-Content-Length '${String(text)}' is no whole number.`,
  );
}

/**
 * Reads `headway-deadline-ms`, the milliseconds the client gives the request from when it arrived.
 * @param startMs when it arrived, on the clock.
 * @returns the deadline on the clock; `undefined` without the header.
 * @throws HeadwayError `invalid_argument` when it is no number above 0.
 */
export function parseDeadline(headers: IncomingHttpHeaders, startMs: number): number | undefined {
  const text = headers['headway-deadline-ms'];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[0-9]{1,15}(\.[0-9]{1,15})?$/.test(text) && Number(text) > 0) {
    return startMs + Number(text);
  }
  throw invalidArgument(`The header headway-deadline-ms '${String(text)}' is no number above 0.`);
}

/** What a handler throws when nobody waits for its answer any more. */
export function clientGone(): HeadwayError {
  return new HeadwayError('cancelled', 'The client went away before its answer was ready.');
}
