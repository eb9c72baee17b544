/** Numbers that follow from a seed and look random. */
export interface Random {
  /** Uniform in [-1, 1), a multiple of 2^-31. */
  next(): number;
}

/** Creates a generator whose sequence is the same on every machine (xorshift, 32 bits). */
export function createRandom(seed: number): Random {
  // Spreads small seeds over the state, which must not be zero.
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1) ^ (seed << 16) || 1;
  return {
    next() {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state / 2 ** 31;
    },
  };
}

/** `count` floats, uniform in [-limit, limit). */
export function randomFloats(random: Random, count: number, limit: number): Float32Array {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 1) values[index] = random.next() * limit;
  return values;
}
