// The words that a text has most often. Asks the model `words` for its words.
import {
  type Execute,
  HeadwayError,
  type Initialise,
  type ScriptSignature,
  inputOf,
  tensor,
  textsOf,
} from 'headway/script';

export const signature: ScriptSignature = {
  inputs: [{ name: 'text', datatype: 'BYTES', shape: [1] }],
  outputs: [
    { name: 'words', datatype: 'BYTES', shape: [-1] },
    { name: 'counts', datatype: 'INT32', shape: [-1] },
  ],
};

let maxCount = 3;

/** `parameters` of the config say how many. */
export const initialise: Initialise = ({ parameters }) => {
  maxCount = Number(parameters['words'] ?? maxCount);
};

export const execute: Execute = (requests, { infer }) =>
  Promise.all(
    requests.map(async (request) => {
      const { words: given } = await infer('words', { text: inputOf(request, 'text') });
      const words = given === undefined ? [] : textsOf(given);
      // This request fails with it, and no other of its batch.
      if (words.length === 0) return new HeadwayError('invalid_argument', 'The text has no word.');
      const top = [...Map.groupBy(words, (word) => word)]
        .map(([word, all]) => ({ word, count: all.length }))
        .toSorted((a, b) => b.count - a.count)
        .slice(0, maxCount);
      return {
        words: tensor(
          'BYTES',
          [top.length],
          top.map(({ word }) => word),
        ),
        counts: tensor(
          'INT32',
          [top.length],
          Int32Array.from(top, ({ count }) => count),
        ),
      };
    }),
  );
