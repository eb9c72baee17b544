/**
 * Bits in the code of each byte, and last of the mark for the end of a text. The code is canonical:
 * the lengths are all there is to know. Source: RFC 7541, appendix B.
 */
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const maxCodeBits = 30;
const endOfText = 256;
const shortestCodeBits = 5;

/** By the number of bits: how many codes there are, the first one, and its place in `symbols`. */
const { counts, firstCodes, firstPlaces, symbols } = makeCodes();

/** The most bytes that so many encoded ones can become. */
export function maxDecodedBytes(encodedBytes: number): number {
  return Math.floor((encodedBytes * 8) / shortestCodeBits);
}

/**
 * Decodes the bytes from `start` to `end` into `target`.
 * @returns how many bytes they become; -1 when they are no such text.
 */
export function decodeHuffman(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  let code = 0;
  let bitCount = 0;
  let writtenBytes = 0;
  for (let at = start; at < end; at += 1) {
    const byte = source[at] ?? 0;
    for (let shift = 7; shift >= 0; shift -= 1) {
      code = (code << 1) | ((byte >> shift) & 1);
      bitCount += 1;
      const place = code - (firstCodes[bitCount] ?? 0);
      if (place < (counts[bitCount] ?? 0)) {
        const symbol = symbols[(firstPlaces[bitCount] ?? 0) + place] ?? endOfText;
        if (symbol === endOfText) return -1;
        target[writtenBytes] = symbol;
        writtenBytes += 1;
        code = 0;
        bitCount = 0;
      }
    }
  }
  // What is left of the last byte are the first bits of the mark for the end, which are ones.
  return bitCount < 8 && code === (1 << bitCount) - 1 ? writtenBytes : -1;
}

function makeCodes() {
  const codeCounts = new Uint16Array(maxCodeBits + 1);
  for (const length of codeLengths) codeCounts[length] = (codeCounts[length] ?? 0) + 1;
  const codes = new Uint32Array(maxCodeBits + 1);
  const places = new Uint16Array(maxCodeBits + 1);
  for (let bits = 1; bits <= maxCodeBits; bits += 1) {
    const previousCount = codeCounts[bits - 1] ?? 0;
    codes[bits] = ((codes[bits - 1] ?? 0) + previousCount) * 2;
    places[bits] = (places[bits - 1] ?? 0) + previousCount;
  }
  const inOrder = codeLengths
    .map((_, symbol) => symbol)
    .sort((a, b) => (codeLengths[a] ?? 0) - (codeLengths[b] ?? 0) || a - b);
  return {
    counts: codeCounts,
    firstCodes: codes,
    firstPlaces: places,
    symbols: Uint16Array.from(inOrder),
  };
}
