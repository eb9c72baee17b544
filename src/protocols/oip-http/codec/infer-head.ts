import type { Parameters } from '../../../core/batch.ts';
import { invalidArgument } from '../../../core/error.ts';
import type { RequestedOutput, SharedMemoryReference } from '../../../server/interface.ts';
import { type JsonObject, readJson } from './json.ts';
import { asArray, asObject, asOptionalObject, asText } from './members.ts';
import { readOutputParameters, readRequestParameters } from './parameters.ts';
import { quoteText } from './quote.ts';
import { readSharedMemoryReference } from './shared-memory.ts';
import { type TensorHead, readTensorHead } from './tensor-read.ts';

/** In which form each output is to be answered. */
export interface OutputForm {
  /** Of outputs that were not listed. */
  readonly binaryByDefault: boolean;
  /** Of listed outputs; `undefined` when none were. */
  readonly binaryByName: ReadonlyMap<string, boolean> | undefined;
  /** Of outputs that go to shared memory; `undefined` when none do. */
  readonly sharedByName?: SharedReferences | undefined;
}

/** Places in shared memory by tensor. */
export type SharedReferences = ReadonlyMap<string, SharedMemoryReference>;

/** All that the JSON of an infer request says, but for tensor data in it. Nothing in it changes. */
export interface InferHead {
  readonly id: string;
  readonly inputs: readonly TensorHead[];
  readonly outputs: readonly RequestedOutput[];
  readonly form: OutputForm;
  readonly parameters: Parameters;
  readonly priority: number;
  readonly timeoutMicroseconds: number;
}

/** Longer texts are not remembered. */
const maxKeptText = 4096;
const maxKeptHeads = 64;

/**
 * Makes a reader of heads. Clients send the same one again and again, with other data behind it, so
 * those that were read are remembered; not those with an id, which comes but once, or with data.
 * @returns a function of JSON text, one character a byte, that throws HeadwayError
 * `invalid_argument` saying what is wrong and where, `unimplemented` for sequences.
 */
export function createHeadReader(): (text: string) => InferHead {
  const kept = new Map<string, InferHead>();
  return (text) => {
    if (text.length > maxKeptText) return readHead(text);
    const known = kept.get(text);
    if (known !== undefined) return known;
    const head = readHead(text);
    const isLasting = head.id === '' && head.inputs.every(({ place }) => place.kind !== 'json');
    if (!isLasting) return head;
    if (kept.size === maxKeptHeads) kept.clear();
    kept.set(text, head);
    return head;
  };
}

function readHead(text: string): InferHead {
  const members = asObject(readJson(text), 'The request');
  const inputs = readInputs(members);
  const { binaryByDefault, parameters, priority, timeoutMicroseconds } = readRequestParameters(
    asOptionalObject(members.get('parameters'), "The request's 'parameters'"),
  );
  const { outputs, binaryByName, sharedByName } = readOutputs(members);
  return {
    id: readId(members),
    inputs,
    outputs,
    form: { binaryByDefault, binaryByName, sharedByName },
    parameters,
    priority,
    timeoutMicroseconds,
  };
}

function readInputs(members: JsonObject): readonly TensorHead[] {
  const names = new Set<string>();
  return asArray(members.get('inputs'), "The request's 'inputs'").map((value) => {
    const input = readTensorHead(asObject(value, "An entry of 'inputs'"), 'input');
    const { name } = input;
    if (names.has(name)) throw invalidArgument(`The input ${quoteText(name)} is given twice.`);
    names.add(name);
    return input;
  });
}

function readId(members: JsonObject): string {
  const id = members.get('id');
  return id === undefined ? '' : asText(id, "The request's 'id'");
}

interface Outputs {
  readonly outputs: readonly RequestedOutput[];
  readonly binaryByName: ReadonlyMap<string, boolean> | undefined;
  readonly sharedByName: SharedReferences | undefined;
}

const allOutputs: Outputs = Object.freeze({
  outputs: [],
  binaryByName: undefined,
  sharedByName: undefined,
});

function readOutputs(members: JsonObject): Outputs {
  const listed = members.get('outputs');
  if (listed === undefined) return allOutputs;
  const values = asArray(listed, "The request's 'outputs'");
  if (values.length === 0) return allOutputs;
  const outputs: RequestedOutput[] = [];
  const binaryByName = new Map<string, boolean>();
  let sharedByName: Map<string, SharedMemoryReference> | undefined;
  for (const value of values) {
    const output = asObject(value, "An entry of 'outputs'");
    const name = asText(output.get('name'), "The 'name' of an output");
    if (binaryByName.has(name))
      throw invalidArgument(`output ${quoteText(name)} already exists in request`);
    const owner = `output ${quoteText(name)}`;
    const parameters = asOptionalObject(output.get('parameters'), `The 'parameters' of ${owner}`);
    const { binary, classificationCount } = readOutputParameters(parameters, owner);
    binaryByName.set(name, binary);
    const shared = readSharedMemoryReference(parameters, owner);
    if (shared !== undefined) {
      refuseTwoPlaces(binary, classificationCount);
      sharedByName = (sharedByName ?? new Map()).set(name, shared);
    }
    outputs.push({ name, classificationCount });
  }
  return { outputs, binaryByName, sharedByName };
}

function refuseTwoPlaces(binary: boolean, classificationCount: number): void {
  if (!binary && classificationCount === 0) return;
  const other = binary ? 'binary_data' : 'classification';
  throw invalidArgument(`Output can't set both 'shared_memory_region' and '${other}'`);
}
