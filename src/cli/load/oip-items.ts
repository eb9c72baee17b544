import { createRandom } from '../../core/statistics/random.ts';
import type { InputSpec, NamedTensors } from '../../core/tensor.ts';
import { assumeSizes, makeInputs } from '../../loadgen/inputs/made-inputs.ts';
import type { PreparedRequest } from '../../loadgen/inputs/prepared-request.ts';
import { type DatasetItem, readDataset } from '../../loadgen/inputs/read-dataset.ts';
import type { CliContext } from '../context.ts';
import { checkDimensionNames } from '../dimension-names.ts';
import { readGivenInputs } from '../predict/read-inputs.ts';
import type { CommonOptions } from './common-options.ts';

/** The whole dataset is held in memory, as requests. */
export const maxItems = 10_000;

/** Bytes of pictures stay what they are. */
export const plainScale = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;

/** Requests with inputs made up at random: so many that a cache of answers gains little, or as fit. */
const maxMade = 64;
const maxMadeBytes = 64 * 1024 ** 2;

/** What a model will be asked, in turn. */
export interface PreparedItems {
  readonly requests: readonly PreparedRequest[];
  /** Of a dataset. */
  readonly items: readonly DatasetItem[];
  /** What had to be assumed, for people. */
  readonly notes: readonly string[];
}

export interface ItemOptions {
  readonly options: Pick<CommonOptions, 'dimension' | 'dataset' | 'input' | 'zero' | 'seed'>;
  readonly prepare: (tensors: NamedTensors) => PreparedRequest;
}

/**
 * Makes requests of a dataset, of files, and where those do not give every input, of zeros or of
 * numbers from the seed.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for what does not fit.
 */
export async function prepareItems(
  { cwd }: Pick<CliContext, 'cwd'>,
  specs: readonly InputSpec[],
  { options, prepare }: ItemOptions,
): Promise<PreparedItems> {
  const { dataset, input: given = [], zero, seed } = options;
  const givenSizes = options.dimension ?? new Map<string, number>();
  checkDimensionNames(givenSizes, specs);
  if (dataset !== undefined) {
    const places = { cwd, folder: dataset, maxItems, sizes: givenSizes, scale: plainScale };
    const items = await readDataset(specs, places);
    return { items, requests: items.map(({ tensors }) => prepare(tensors)), notes: [] };
  }
  const { sizes, assumed } = assumeSizes(specs, givenSizes);
  const read = await readGivenInputs(specs, { cwd, given, sizes, scale: plainScale });
  const missing = specs.filter(({ name, hasDefault }) => hasDefault !== true && !read.has(name));
  const random = zero === true ? undefined : createRandom(seed);
  const make = (): PreparedRequest =>
    prepare(inOrder(specs, new Map([...read, ...makeInputs(missing, { random, sizes })])));
  const isVaried = random !== undefined && missing.length > 0;
  return {
    items: [],
    requests: isVaried ? makeVaried(make) : [make()],
    notes: assumed.length === 0 ? [] : [`assumed --dimension ${assumed.join(' --dimension ')}`],
  };
}

function makeVaried(make: () => PreparedRequest): PreparedRequest[] {
  const first = make();
  const requests = [first];
  const count = Math.min(maxMade, Math.floor(maxMadeBytes / Math.max(1, first.body.byteLength)));
  while (requests.length < count) requests.push(make());
  return requests;
}

/** As the model has them. */
function inOrder(specs: readonly InputSpec[], tensors: NamedTensors): NamedTensors {
  return new Map(
    specs.flatMap(({ name }) => {
      const tensor = tensors.get(name);
      return tensor === undefined ? [] : [[name, tensor] as const];
    }),
  );
}
