import type { IncomingMessage } from 'node:http';
import type { Parameters } from '../../core/batch.ts';
import type { Clock } from '../../core/clock.ts';
import type { RequestTrace } from '../../metrics/request-trace.ts';
import type { InferResponse, InferenceServer } from '../../server/interface.ts';
import { negotiateCoding, packBody } from '../http/compression.ts';
import { joinParts, sendParts } from '../http/respond.ts';
import type { HttpExchange } from '../http/route.ts';
import { forwardHeaders } from '../oip/forward-headers.ts';
import { borrowShared } from './borrow-shared.ts';
import { decodeRawRequest } from './codec/raw.ts';
import {
  type DecodedInferRequest,
  type InferDecoder,
  createInferDecoder,
} from './codec/request.ts';
import { type EncodedInferResponse, encodeInferResponse } from './codec/response.ts';
import {
  type InferBody,
  type InferBodyOptions,
  clientGone,
  parseDeadline,
  readInferBody,
} from './infer-body.ts';
import { formatServerTiming } from '../http/server-timing.ts';

export interface InferHandlerOptions extends InferBodyOptions {
  readonly server: InferenceServer;
  readonly clock: Clock;
  /** Which headers become parameters; none without it. */
  readonly headerPattern?: RegExp | undefined;
}

/** Makes the handler of `POST /v2/models/{model}[/versions/{version}]/infer`. */
export function createInferHandler(
  options: InferHandlerOptions,
): (exchange: HttpExchange) => Promise<void> {
  const { clock, budget } = options;
  const decodeMessage = createInferDecoder();

  return async (exchange) => {
    const { request, response, startMs } = exchange;
    const deadlineMs = parseDeadline(request.headers, startMs);
    const trace = beginTrace(exchange, options);
    const body = await readInferBody(exchange, options);
    const receivedMs = clock.nowMs();
    trace?.mark('HTTP_RECV_END', receivedMs);
    let isAnswered = false;
    try {
      const signal = watchClient(exchange);
      const decoded = await decode(exchange, body, { ...options, decodeMessage });
      const received = { decoded, receivedMs, deadlineMs, trace, signal };
      const answer = await inferReceived(exchange, received, options);
      isAnswered = true;
      const encoded = await encodeInferResponse(answer, decoded.form);
      const head: string[] = [];
      if (request.headers['headway-timings'] !== undefined) {
        const times = { startMs, receivedMs, endMs: clock.nowMs() };
        head.push('Server-Timing', formatServerTiming(answer.timings, times));
      }
      if (trace !== undefined) {
        if (trace.traceparent !== undefined) head.push('traceparent', trace.traceparent);
        trace.mark('HTTP_SEND_START', clock.nowMs());
      }
      await send(exchange, encoded, head);
    } finally {
      // A request whose client is gone is still read, and an answer may be views of its body.
      onceClosed(response, () => {
        body.held.release();
        if (isAnswered && response.writableFinished) budget.recycle(body.bytes.buffer);
      });
    }
  };
}

function withHeaders(
  parameters: Parameters,
  { rawHeaders }: IncomingMessage,
  pattern: RegExp | undefined,
): Parameters {
  if (pattern === undefined) return parameters;
  // The names as they were sent: they tell upper from lower case, unlike `headers`.
  const headers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
  );
  return forwardHeaders(pattern, headers, parameters);
}

/** A request whose body is read. */
interface ReceivedRequest {
  readonly decoded: DecodedInferRequest;
  readonly receivedMs: number;
  readonly deadlineMs: number | undefined;
  readonly trace: RequestTrace | undefined;
  readonly signal: AbortSignal;
}

function inferReceived(
  exchange: HttpExchange,
  { decoded, receivedMs, deadlineMs, trace, signal }: ReceivedRequest,
  options: InferHandlerOptions,
): Promise<InferResponse> {
  const { server } = options;
  const [modelName = '', modelVersion = ''] = exchange.params;
  const parameters = withHeaders(
    decoded.request.parameters,
    exchange.request,
    options.headerPattern,
  );
  const { inputs, outputs, memory } = borrowShared(decoded, server.sharedMemory);
  const answering = server.infer({
    modelName,
    modelVersion,
    id: decoded.request.id,
    inputs,
    outputs,
    parameters,
    priority: decoded.request.priority,
    timeoutMicroseconds: decoded.request.timeoutMicroseconds,
    deadlineMs,
    signal,
    receivedMs,
    trace,
    memory,
  });
  return memory === undefined ? answering : answering.finally(memory.release);
}

/** Calls when a response is closed, or now when it is. */
function onceClosed(response: HttpExchange['response'], run: () => void): void {
  if (response.destroyed) run();
  else response.on('close', run);
}

function decode(
  { params: [modelName = '', modelVersion = ''] }: HttpExchange,
  { bytes, headerLength }: InferBody,
  { server, limits, decodeMessage }: InferHandlerOptions & { readonly decodeMessage: InferDecoder },
): DecodedInferRequest | Promise<DecodedInferRequest> {
  if (headerLength !== 0) {
    const maxJsonTensorBytes = limits.maxBodyBytes;
    return decodeMessage(bytes, { headerLength, modelName, maxJsonTensorBytes });
  }
  const metadata = server.modelMetadata(modelName, modelVersion);
  const { max_batch_size: maxBatchSize } = server.modelConfig(modelName, modelVersion);
  return decodeRawRequest(bytes, metadata, typeof maxBatchSize === 'number' && maxBatchSize > 0);
}

/** Begins the trace of a request, when one is due; it ends with the answer, whatever that is. */
function beginTrace(
  { request, response, params: [modelName = ''], startMs }: HttpExchange,
  { server, clock }: InferHandlerOptions,
): RequestTrace | undefined {
  const { traceparent, tracestate } = request.headers;
  const trace = server.tracing.start({
    modelName,
    traceparent: headerText(traceparent),
    tracestate: headerText(tracestate),
  });
  if (trace === undefined) return undefined;
  trace.mark('HTTP_RECV_START', startMs);
  response.on('close', () => {
    trace.mark('HTTP_SEND_END', clock.nowMs());
    trace.end(failureOf(response));
  });
  return trace;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

function failureOf(response: HttpExchange['response']): string | undefined {
  if (!response.writableFinished) return 'the client went away';
  return response.statusCode < 400 ? undefined : `HTTP status ${response.statusCode}`;
}

/** A signal that is aborted when the client goes away before its answer is written. */
function watchClient({ response }: HttpExchange): AbortSignal {
  // A response destroyed while the body was decompressed has told of its end already.
  if (response.destroyed) throw clientGone();
  const abort = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) abort.abort(clientGone());
  });
  return abort.signal;
}

async function send(
  { request, response }: HttpExchange,
  { headerLength, parts }: EncodedInferResponse,
  head: string[],
): Promise<void> {
  if (headerLength === undefined) head.push('Content-Type', 'application/json');
  else {
    head.push('Content-Type', 'application/octet-stream');
    head.push('Inference-Header-Content-Length', String(headerLength));
  }
  const coding = negotiateCoding(request.headers['accept-encoding']);
  if (coding === undefined) {
    sendParts(response, { head, parts });
    return;
  }
  const packed = await packBody(joinParts(parts), coding);
  sendParts(response, { head: [...head, 'Content-Encoding', coding], parts: [packed] });
}
