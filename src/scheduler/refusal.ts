import { type ErrorCode, HeadwayError } from '../core/error.ts';
import type { RejectReason } from './scheduler.ts';

/** Why a request is not executed, and what its client is told. */
export interface Refusal {
  readonly reason: RejectReason;
  readonly error: HeadwayError;
}

/** What a client is told to wait when nothing was measured yet. */
const unmeasuredRetryMs = 1000;

/** Every refusal the scheduler can give; `waitMs` is how long the queue is expected to take. */
export const refuse = {
  queueFull: (maxQueueSize: number, waitMs: number | undefined): Refusal =>
    refusal('queue_full', 'resource_exhausted', {
      message: `Exceeds maximum queue size: ${maxQueueSize} requests are waiting already; retry later.`,
      waitMs,
    }),
  wouldTimeOut: (waitMs: number): Refusal =>
    refusal('timeout', 'unavailable', {
      message: `Request refused: it would wait about ${Math.ceil(waitMs)} ms, past its queue timeout; retry later.`,
      waitMs,
    }),
  wouldMissDeadline: (neededMs: number, waitMs: number): Refusal =>
    refusal('would_miss_deadline', 'unavailable', {
      message: `Request refused: its answer would take about ${Math.ceil(neededMs)} ms, past its deadline; retry later.`,
      waitMs,
    }),
  deadlinePassed: (): Refusal =>
    refusal('would_miss_deadline', 'unavailable', {
      message: 'Request refused: its deadline has passed.',
    }),
  timedOut: (): Refusal =>
    refusal('timeout', 'unavailable', { message: 'Request timeout expired' }),
  deadlineMissed: (): Refusal =>
    refusal('would_miss_deadline', 'unavailable', {
      message: 'Request dropped: the model is too busy to answer it by its deadline; retry later.',
    }),
  draining: (): Refusal =>
    refusal('draining', 'unavailable', {
      message: 'The model is going out of service and takes no new requests; retry later.',
    }),
  cancelled: (): Refusal => ({ reason: 'cancelled', error: cancelledError() }),
};

/** What a request is answered that nobody waits for any more. */
export function cancelledError(): HeadwayError {
  return new HeadwayError('cancelled', 'The request was cancelled.');
}

/** What a request is answered whose deadline passed during its execution. */
export function deadlineExceededError(): HeadwayError {
  return new HeadwayError(
    'deadline_exceeded',
    'The deadline passed while the request was running.',
  );
}

function refusal(
  reason: RejectReason,
  code: ErrorCode,
  { message, waitMs }: { readonly message: string; readonly waitMs?: number | undefined },
): Refusal {
  const retryAfterMs = Math.max(1, waitMs ?? unmeasuredRetryMs);
  return { reason, error: new HeadwayError(code, message, { retryAfterMs }) };
}
