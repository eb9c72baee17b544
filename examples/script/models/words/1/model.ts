// Splits texts into words. One text a request, as many words as it has.
import { type Execute, type ScriptSignature, inputOf, tensor, textsOf } from 'headway/script';

export const signature: ScriptSignature = {
  inputs: [{ name: 'text', datatype: 'BYTES', shape: [1] }],
  outputs: [{ name: 'words', datatype: 'BYTES', shape: [-1] }],
};

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

export const execute: Execute = (requests) =>
  requests.map((request) => {
    const [text = ''] = textsOf(inputOf(request, 'text'));
    const words = [...segmenter.segment(text)]
      .filter(({ isWordLike }) => isWordLike)
      .map(({ segment }) => segment.toLocaleLowerCase());
    return { words: tensor('BYTES', [words.length], words) };
  });
