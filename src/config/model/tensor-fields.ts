import type { Datatype } from '../../core/datatype.ts';
import { formatShape, type ShapePattern } from '../../core/shape.ts';
import type { ModelInput, ModelOutput } from '../model-config.ts';
import { type ModelConfigSource, configError } from './config-source.ts';
import type { DecodedMessage } from './schema-types.ts';

type DecodedInput = DecodedMessage<'Input'>;
type DecodedOutput = DecodedMessage<'Output'>;

/**
 * Checks the `input` entries.
 * @throws HeadwayError `invalid_argument` for a missing name or datatype, a repeated name, a shape
 * that is none, a reshape of another size, or a pad value that cannot be used.
 */
export function toModelInputs(
  inputs: readonly DecodedInput[],
  source: ModelConfigSource,
): readonly ModelInput[] {
  checkNames('input', inputs, source);
  return inputs.map((input) => {
    const common = commonFields('input', input, source);
    checkPadValue(input, common.datatype, source);
    const format = input.format === 'none' ? {} : { format: input.format };
    return { ...common, optional: input.optional, padValue: input.pad_value, ...format };
  });
}

/**
 * Checks the `output` entries.
 * @throws HeadwayError `invalid_argument` as `toModelInputs`.
 */
export function toModelOutputs(
  outputs: readonly DecodedOutput[],
  source: ModelConfigSource,
): readonly ModelOutput[] {
  checkNames('output', outputs, source);
  return outputs.map((output) => ({
    ...commonFields('output', output, source),
    labelFilename: output.label_filename === '' ? undefined : output.label_filename,
  }));
}

function checkNames(
  kind: 'input' | 'output',
  tensors: readonly { readonly name: string; readonly line: number }[],
  source: ModelConfigSource,
): void {
  const seen = new Set<string>();
  for (const { name, line } of tensors) {
    if (name === '') throw configError(source, line, `an ${kind} has no name.`);
    if (seen.has(name)) throw configError(source, line, `${kind} '${name}' is declared twice.`);
    seen.add(name);
  }
}

function commonFields(
  kind: 'input' | 'output',
  tensor: DecodedInput | DecodedOutput,
  source: ModelConfigSource,
): { name: string; datatype: Datatype; dims: ShapePattern; reshape: ShapePattern | undefined } {
  const { name, data_type: datatype, dims, line } = tensor;
  const reshape = tensor.reshape?.shape;
  const fail = (text: string): Error => configError(source, line, `${kind} '${name}' ${text}`);
  if (datatype === undefined) throw fail('has no data_type.');
  if (dims.includes(0) || reshape?.includes(0)) {
    throw fail('has a dimension of 0; use -1 for one that varies.');
  }
  if (reshape !== undefined && !sameElementCounts(dims, reshape)) {
    throw fail(
      `has dims ${formatShape(dims)} and reshape ${formatShape(reshape)}, which differ in size.`,
    );
  }
  return { name, datatype, dims, reshape };
}

/** Whether the runs of fixed dimensions between variable ones hold as many elements in both. */
function sameElementCounts(a: ShapePattern, b: ShapePattern): boolean {
  const runsA = fixedRuns(a);
  const runsB = fixedRuns(b);
  return runsA.length === runsB.length && runsA.every((count, run) => count === runsB[run]);
}

function fixedRuns(shape: ShapePattern): readonly number[] {
  const runs = [1];
  for (const dimension of shape) {
    if (dimension === -1) runs.push(1);
    else runs.push((runs.pop() ?? 1) * dimension);
  }
  return runs;
}

function checkPadValue(input: DecodedInput, datatype: Datatype, source: ModelConfigSource): void {
  const { name, pad_value: padValue, line } = input;
  if (padValue === undefined) return;
  const fail = (text: string): Error =>
    configError(source, line, `input '${name}' has a pad_value, but ${text}.`);
  if (datatype === 'BYTES') throw fail('strings cannot be padded');
  if (!input.dims.includes(-1)) throw fail('no dimension of it varies');
  const isFloat = datatype.startsWith('FP') || datatype === 'BF16';
  if (!isFloat && !Number.isInteger(padValue)) throw fail(`${padValue} is no ${datatype}`);
}
