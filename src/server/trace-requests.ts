import { invalidArgument } from '../core/error.ts';
import type { RequestTrace } from '../metrics/request-trace.ts';
import type { Tracing } from '../metrics/tracing.ts';
import type { InferRequest, InferResponse, ServerTracing, StageTimings } from './interface.ts';
import type { ServedModel } from './served-model.ts';

/** Traces with settings only for models in service. */
export function createServerTracing(
  tracing: Tracing,
  isKnown: (model: string) => boolean,
): ServerTracing {
  const assertKnown = (model: string): void => {
    if (model === '' || isKnown(model)) return;
    throw invalidArgument(`Request for unknown model : ${model}`);
  };
  return {
    start: tracing.start,
    settings: (model) => {
      assertKnown(model);
      return tracing.settings(model);
    },
    update: (model, texts) => {
      assertKnown(model);
      return tracing.update(model, texts);
    },
  };
}

/** Answers a request and notes its stages. */
export async function inferTraced(
  model: ServedModel,
  request: InferRequest,
  trace: RequestTrace,
): Promise<InferResponse> {
  trace.setModel(model.statistics().version, request.id);
  trace.mark('REQUEST_START', request.receivedMs);
  trace.addTensors('TENSOR_QUEUE_INPUT', request.inputs);
  try {
    const answer = await model.infer(request);
    const endMs = trace.now();
    if (!answer.timings.cacheHit) markStages(trace, answer.timings, endMs);
    trace.addTensors('TENSOR_BACKEND_OUTPUT', answer.outputs);
    trace.mark('INFER_RESPONSE_COMPLETE', endMs);
    return answer;
  } finally {
    trace.mark('REQUEST_END', trace.now());
  }
}

/** The stages were measured as durations; they end with the answer, so it is where they hang. */
function markStages(trace: RequestTrace, timings: StageTimings, endMs: number): void {
  const outputMs = endMs - timings.outputMs;
  const inputEndMs = outputMs - timings.inferMs;
  const startMs = inputEndMs - timings.inputMs;
  trace.mark('QUEUE_START', startMs - timings.queueMs);
  trace.mark('COMPUTE_START', startMs);
  trace.mark('COMPUTE_INPUT_END', inputEndMs);
  trace.mark('COMPUTE_OUTPUT_START', outputMs);
  trace.mark('COMPUTE_END', endMs);
}
