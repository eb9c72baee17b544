import type { Random } from '../../core/statistics/random.ts';
import { type LengthDistribution, drawLength } from './lengths.ts';
import type { Prompt } from './openai-requests.ts';

export interface MadePromptOptions {
  readonly count: number;
  /** Words of each prompt: about as many tokens with most tokenizers, as the words are common. */
  readonly promptLengths: LengthDistribution;
  /** The most tokens each answer may have; the server decides when absent. */
  readonly outputLengths?: LengthDistribution | undefined;
  readonly random: Random;
}

/** Common English words, which most tokenizers have a token for. */
const words: readonly string[] =
  'the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who oil its now find long down day did get come made may part'.split(
    ' ',
  );

/**
 * Makes prompts up of seeded words. Two prompts share no beginning beyond chance, so that a server
 * that keeps prefixes gains nothing.
 */
export function makePrompts(options: MadePromptOptions): readonly Prompt[] {
  const { count, promptLengths, outputLengths, random } = options;
  return Array.from({ length: count }, () => {
    const length = drawLength(promptLengths, random);
    const text = Array.from({ length }, () => words[Math.floor(random.next() * words.length)]);
    const maxTokens = outputLengths === undefined ? undefined : drawLength(outputLengths, random);
    return { text: text.join(' '), maxTokens };
  });
}
