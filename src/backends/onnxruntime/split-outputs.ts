import type { Batch, BatchItem } from '../../core/batch.ts';
import { HeadwayError } from '../../core/error.ts';
import type { NamedTensors, Tensor } from '../../core/tensor.ts';
import { sliceRows } from '../batch-tensors.ts';
import { type Padding, trimmedShape } from './padding.ts';

/** A batch that was run. */
export interface JoinedOutputs {
  readonly isBatched: boolean;
  readonly padding: Padding | undefined;
  readonly batch: Batch;
  /** Rows of each request in the batch dimension. */
  readonly rowCounts: readonly number[];
  /** What the run answered, rows of all requests together. */
  readonly joined: ReadonlyMap<string, Tensor>;
}

/**
 * Cuts what a run answered into the answers of its requests.
 * @throws HeadwayError `internal` when an output does not have the rows of the batch.
 */
export function splitOutputs(run: JoinedOutputs): BatchItem[] {
  const { isBatched, padding, batch, rowCounts, joined } = run;
  const isWhole = batch.requests.length === 1 || !isBatched;
  if (!isWhole) checkRows(run);
  let fromRow = 0;
  return batch.requests.map((request, position) => {
    const rowCount = rowCounts[position] ?? 0;
    const outputs = new Map<string, Tensor>();
    for (const name of request.outputNames) {
      const tensor = joined.get(name);
      if (tensor === undefined) continue;
      const trims = padding?.trims.get(name);
      const shape = (): number[] =>
        trimmedShape(tensor, rowCount, { trims, inputs: request.inputs });
      outputs.set(name, isWhole ? tensor : sliceRows(tensor, fromRow, shape()));
    }
    fromRow += rowCount;
    return { kind: 'done', outputs };
  });
}

/** What a request has in the batch dimension. */
export function rowCountOf(inputs: NamedTensors): number {
  for (const { shape } of inputs.values()) return shape[0] ?? 1;
  return 1;
}

function checkRows({ rowCounts, joined }: JoinedOutputs): void {
  const expected = rowCounts.reduce((sum, count) => sum + count, 0);
  for (const [name, { shape }] of joined) {
    if (shape[0] === expected) continue;
    throw new HeadwayError(
      'internal',
      `The model answered a batch of ${expected} rows with an output '${name}' of shape [${shape.join()}], which cannot be cut into the answers of its requests. Set max_batch_size to 0 in the model's config.`,
    );
  }
}
