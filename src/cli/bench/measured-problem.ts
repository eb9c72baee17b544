import type { LoadRun } from '../../loadgen/samples.ts';
import { validityOf } from '../../loadgen/validity.ts';
import { hasDied } from '../load/has-died.ts';
import {
  type Problem,
  diedProblem,
  generatorAdvice,
  invalidProblem,
  stoppedProblem,
} from '../load/problem.ts';

/**
 * Looks for what makes a measurement a failure, though it can be told: it was stopped, the server
 * died, or the generator was late.
 * @param counted runs whose generator must have kept up.
 */
export function measuredProblem(
  url: string,
  isStopped: boolean,
  { last, counted }: { readonly last: LoadRun | undefined; readonly counted: readonly LoadRun[] },
): Problem | undefined {
  if (isStopped) return stoppedProblem();
  if (last !== undefined && hasDied(last)) return diedProblem(url);
  const invalid = counted.find((run) => !validityOf(run).valid);
  if (invalid === undefined) return undefined;
  const { reasons } = validityOf(invalid);
  return invalidProblem(
    reasons,
    `The measurement is not valid: ${reasons.join('; ')}. ${generatorAdvice(invalid)}`,
  );
}
