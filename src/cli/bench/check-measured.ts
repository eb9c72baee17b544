import { HeadwayError } from '../../core/error.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { validityOf } from '../../loadgen/validity.ts';
import { hasDied } from '../load/has-died.ts';

/**
 * Looks for what makes a measurement a failure, though it has been told.
 * @param counted runs whose generator must have kept up.
 * @throws HeadwayError when it was stopped, when the server died, when the generator was late.
 */
export function checkMeasured(
  url: string,
  isStopped: boolean,
  { last, counted }: { readonly last: LoadRun | undefined; readonly counted: readonly LoadRun[] },
): void {
  if (isStopped) {
    throw new HeadwayError('cancelled', 'Stopped: what was measured until then is told above.');
  }
  if (last !== undefined && hasDied(last)) {
    throw new HeadwayError(
      'unavailable',
      `${url} stopped answering while it was measured; what was measured until then is told above.`,
    );
  }
  const invalid = counted.map(validityOf).find(({ valid }) => !valid);
  if (invalid !== undefined) {
    throw new HeadwayError(
      'failed_precondition',
      `The measurement is not valid: ${invalid.reasons.join('; ')}. Send less, or give the generator a core of its own.`,
    );
  }
}
