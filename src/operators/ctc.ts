/** What a recogniser read. */
export interface ReadText {
  readonly text: string;
  /** Mean probability of the characters, from 0 to 1; 0 when there are none. */
  readonly confidence: number;
}

/** The output of a recogniser for one item. */
export interface CtcScores {
  /** Probabilities of shape [steps, classes]; class 0 is the blank. */
  readonly values: Float32Array;
  readonly classCount: number;
}

/**
 * Reads text off connectionist temporal classification scores: the best class of every step,
 * repeats joined, blanks dropped.
 *
 * Source: Graves et al., "Connectionist Temporal Classification", 2006, best path decoding.
 * @param characters the text of each class; the entry of the blank is not used.
 * @throws RangeError when the characters are not one per class, or the values no whole steps.
 */
export function decodeCtc(scores: CtcScores, characters: readonly string[]): ReadText {
  const { values, classCount } = scores;
  if (characters.length !== classCount || values.length % classCount !== 0) {
    throw new RangeError(
      `decodeCtc: ${values.length} scores of ${classCount} classes do not go with ` +
        `${characters.length} characters.`,
    );
  }
  let text = '';
  let total = 0;
  let count = 0;
  let previous = 0;
  for (let start = 0; start < values.length; start += classCount) {
    const best = bestClass(values, start, classCount);
    if (best !== 0 && best !== previous) {
      text += characters[best] ?? '';
      total += values[start + best] ?? 0;
      count++;
    }
    previous = best;
  }
  return { text, confidence: count === 0 ? 0 : total / count };
}

function bestClass(values: Float32Array, start: number, classCount: number): number {
  let best = 0;
  let bestValue = -Infinity;
  for (let index = 0; index < classCount; index++) {
    const value = values[start + index] ?? 0;
    if (value > bestValue) {
      bestValue = value;
      best = index;
    }
  }
  return best;
}

/**
 * The characters of a recogniser from its list, one a line: the blank in front and the space, which
 * the list leaves out, at the end.
 */
export function parseCharacterList(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/u, ''));
  if (lines.at(-1) === '') lines.pop();
  return ['', ...lines, ' '];
}
