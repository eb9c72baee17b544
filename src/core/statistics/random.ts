/** Numbers that follow from a seed and look random. */
export interface Random {
  /** Uniform in [0, 1), a multiple of 2^-53. */
  next(): number;
}

/**
 * Creates a generator whose sequence is the same on every machine. Any number is a seed; near seeds
 * give unrelated sequences.
 * Source: sfc32 of Doty-Humphrey's PractRand, its state filled by splitmix32.
 */
export function createRandom(seed: number): Random {
  let mixed = hashOf(seed);
  const split = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let value = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
    return value ^ (value >>> 16);
  };
  let [a, b, c, counter] = [split(), split(), split(), 1];
  const next32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next32();
  return { next: () => ((next32() >>> 5) * 2 ** 26 + (next32() >>> 6)) / 2 ** 53 };
}

/** An exponential variate with mean 1. */
export function nextExponential(random: Random): number {
  return -Math.log(1 - random.next());
}

/** All 64 bits of the number, folded to 32. */
function hashOf(seed: number): number {
  const [low = 0, high = 0] = new Uint32Array(Float64Array.of(seed).buffer);
  return Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
}
