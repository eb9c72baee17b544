import { HeadwayError } from '../../../core/error.ts';
import type { NamedTensors } from '../../../core/tensor.ts';
import type { ExecuteContext } from '../../../script/script.ts';
import type { FromScript, Outcome } from '../messages.ts';
import { headwayErrorOf } from '../sent-error.ts';

/** The calls of other models during one batch. */
export interface ModelCaller extends Pick<ExecuteContext, 'infer'> {
  answer(callId: number, outcome: Outcome<NamedTensors>): void;
  /** The batch is answered: no call is possible any more. */
  close(): void;
}

/** Makes the way by which one batch calls other models. */
export function createModelCaller(send: (message: FromScript) => void): ModelCaller {
  const waiting = new Map<number, (outcome: Outcome<NamedTensors>) => void>();
  let count = 0;
  let isClosed = false;
  return {
    async infer(model, inputs, { version, outputNames = [], parameters = {} } = {}) {
      if (isClosed) {
        throw new HeadwayError(
          'failed_precondition',
          `infer('${model}') was called after its batch was answered; await it in execute().`,
        );
      }
      const callId = (count += 1);
      const { promise, resolve } = Promise.withResolvers<Outcome<NamedTensors>>();
      waiting.set(callId, resolve);
      const call = { model, version, inputs: tensorsOf(inputs), outputNames, parameters };
      send({ kind: 'call', callId, call });
      const outcome = await promise;
      if (outcome.kind === 'failed') throw headwayErrorOf(outcome.error, `Model '${model}' failed`);
      return Object.fromEntries(outcome.value);
    },
    answer(callId, outcome) {
      waiting.get(callId)?.(outcome);
      waiting.delete(callId);
    },
    close() {
      isClosed = true;
    },
  };
}

function tensorsOf(inputs: Parameters<ExecuteContext['infer']>[1]): NamedTensors {
  return new Map(
    Object.entries(inputs).map(([name, { datatype, shape, data }]) => [
      name,
      { datatype, shape, data },
    ]),
  );
}
