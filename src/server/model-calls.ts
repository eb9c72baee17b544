import type { CallModel } from '../backends/script/call-model.ts';
import type { Clock } from '../core/clock.ts';
import { HeadwayError } from '../core/error.ts';
import type { ServedModel } from './served-model.ts';

/** What calls between models go through. */
export interface ModelCallParts {
  /** @throws HeadwayError when the version is not in service. */
  readonly resolve: (model: string, version: number | undefined) => Pick<ServedModel, 'infer'>;
  readonly clock: Clock;
}

/**
 * Makes the way by which a model calls another one: through validation, admission, queue and
 * statistics, like any request, but also while the server drains, for requests it has accepted.
 *
 * A call whose model waits, over calls under way, for the caller is refused: each would hold the
 * instance that the other waits for. So calls nest no deeper than there are models.
 */
export function createModelCalls({ resolve, clock }: ModelCallParts): CallModel {
  const underWay = new CallsUnderWay();
  return async (call) => {
    const { caller, model, outputNames, deadlineMs, signal, parameters, inputs } = call;
    const circle = underWay.path(model, caller);
    if (circle !== undefined) throw circular([caller, ...circle]);
    const served = resolve(model, call.version);
    const end = underWay.begin(caller, model);
    try {
      const { outputs } = await served.infer({
        modelName: model,
        modelVersion: '',
        id: '',
        inputs,
        outputs: outputNames.map((name) => ({ name, classificationCount: 0 })),
        parameters,
        priority: 0,
        timeoutMicroseconds: 0,
        deadlineMs,
        signal,
        receivedMs: clock.nowMs(),
      });
      return outputs;
    } finally {
      end();
    }
  };
}

/** Who waits for whom, and how often. */
class CallsUnderWay {
  readonly #counts = new Map<string, Map<string, number>>();

  /** Returns what ends the call. */
  begin(caller: string, model: string): () => void {
    const counts = this.#counts.get(caller) ?? new Map<string, number>();
    this.#counts.set(caller, counts);
    counts.set(model, (counts.get(model) ?? 0) + 1);
    return () => {
      const left = (counts.get(model) ?? 1) - 1;
      if (left > 0) counts.set(model, left);
      else counts.delete(model);
      if (counts.size === 0) this.#counts.delete(caller);
    };
  }

  /** The models from one to another that wait for each other in turn; `undefined` for none. */
  path(from: string, to: string): readonly string[] | undefined {
    const ways = new Map<string, readonly string[]>([[from, [from]]]);
    for (const [model, way] of ways) {
      if (model === to) return way;
      for (const next of this.#counts.get(model)?.keys() ?? []) {
        if (!ways.has(next)) ways.set(next, [...way, next]);
      }
    }
    return undefined;
  }
}

function circular(models: readonly string[]): HeadwayError {
  return new HeadwayError(
    'failed_precondition',
    `Model '${models[0]}' may not call '${models[1]}' now: each would wait for the other (${models.join(' → ')}).`,
  );
}
