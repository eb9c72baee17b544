import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { invalidArgument } from '../../core/error.ts';

/** What became of a batch of spans. */
export type SendOutcome =
  /** The collector has it, but for so many spans. */
  | { readonly kind: 'taken'; readonly rejectedCount: number; readonly reason: string }
  /** It may be sent again, after the time the collector asks for. */
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs: number }
  /** Sending it again would not help. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Sends batches to a collector. Never throws. */
export interface SpanSender extends Disposable {
  /** Where to, without credentials. */
  readonly target: string;
  send(json: string, signal: AbortSignal): Promise<SendOutcome>;
}

/** Source: OTLP/HTTP, Retryable Response Codes. */
const retryableStatuses: readonly number[] = [429, 502, 503, 504];

const maxAnswerBytes = 64 * 1024;

/**
 * Makes a sender over OTLP/HTTP.
 * @param url of the collector; `http:` and the path `/v1/traces` may be left out.
 * @throws HeadwayError `invalid_argument` when it is none.
 */
export function createSpanSender(url: string): SpanSender {
  const target = parseUrl(url);
  const isTls = target.protocol === 'https:';
  const agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 1 });
  const open = isTls ? httpsRequest : httpRequest;

  function exchange(json: string, signal: AbortSignal): Promise<Answer> {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(json),
    };
    return new Promise((resolve, reject) => {
      const request = open(target, { agent, method: 'POST', headers, signal });
      request.on('error', reject);
      request.on('response', (response) => {
        readAnswer(response).then(resolve, reject);
      });
      request.end(json);
    });
  }
  return {
    target: `${target.origin}${target.pathname}`,
    async send(json, signal) {
      try {
        return toOutcome(await exchange(json, signal));
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
        return { kind: 'retry', reason, afterMs: 0 };
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`);
  if (url === null) {
    throw invalidArgument(
      `The trace url '${text}' is no address of a collector: write it as http://localhost:4318/v1/traces.`,
    );
  }
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response;
  let text = '';
  for await (const piece of response.setEncoding('utf8')) {
    if (text.length < maxAnswerBytes) text += String(piece);
  }
  return { status, retryAfter: headers['retry-after'], text };
}

function toOutcome({ status, retryAfter, text }: Answer): SendOutcome {
  if (status >= 200 && status < 300) return readTaken(text);
  const reason = `HTTP status ${status}`;
  if (!retryableStatuses.includes(status)) return { kind: 'refused', reason };
  const afterMs = Number(retryAfter ?? 0) * 1000;
  return { kind: 'retry', reason, afterMs: Number.isFinite(afterMs) ? afterMs : 0 };
}

/** The answer may tell of spans that the collector did not want. */
function readTaken(text: string): SendOutcome {
  const partial = readPartialSuccess(text);
  const rejectedCount = Number(partial?.rejectedSpans ?? 0) || 0;
  return { kind: 'taken', rejectedCount, reason: String(partial?.errorMessage ?? '') };
}

interface PartialSuccess {
  readonly rejectedSpans?: unknown;
  readonly errorMessage?: unknown;
}

function readPartialSuccess(text: string): PartialSuccess | undefined {
  try {
    const answer = JSON.parse(text) as { readonly partialSuccess?: PartialSuccess } | null;
    return answer?.partialSuccess;
  } catch {
    // A collector that answers nothing, or no JSON, took all.
    return undefined;
  }
}
