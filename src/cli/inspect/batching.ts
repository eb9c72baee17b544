import { defaultMaxBatchSize } from '../../config/complete-model-config.ts';
import { type DeclaredSignature, formatDeclaredShape } from './model-signature.ts';

/** Whether requests to a model can be joined into batches, and why or why not. */
export interface BatchingVerdict {
  readonly capable: boolean;
  readonly reason: string;
}

/** A model can be batched when the first dimension of every needed input and output may have any size. */
export function judgeBatching({ inputs, outputs }: DeclaredSignature): BatchingVerdict {
  const sides = [
    ...inputs.flatMap((tensor) => (tensor.optional ? [] : { tensor, side: 'input' })),
    ...outputs.map((tensor) => ({ tensor, side: 'output' })),
  ];
  const fixed = sides.find(({ tensor }) => tensor.shape?.[0] !== -1);
  if (fixed !== undefined) {
    const { tensor, side } = fixed;
    const shape = formatDeclaredShape(tensor);
    return {
      capable: false,
      reason: `${side} '${tensor.name}' is ${shape}: its first dimension is not of any size`,
    };
  }
  const names = new Set(sides.map(({ tensor }) => tensor.dimensionNames[0] ?? ''));
  const doubt =
    names.size > 1
      ? `; but those dimensions are named ${[...names].map((name) => `'${name}'`).join(', ')}: if one is no batch, set max_batch_size to 0`
      : '';
  return {
    capable: true,
    reason: `every first dimension is of any size; served with max_batch_size ${defaultMaxBatchSize} unless its config says otherwise${doubt}`,
  };
}
