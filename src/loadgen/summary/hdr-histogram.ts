import { deflateSync } from 'node:zlib';

/**
 * A histogram whose buckets hold three significant digits at every size, as the HdrHistogram
 * libraries have it, so that their tools read, merge and plot what is written here.
 */
export interface HdrHistogram {
  readonly count: number;
  readonly max: number;
  /** Counts a value: a whole number from 0 to 2^53. What is not whole is rounded. */
  record(value: number): void;
  /** The V2 compressed encoding, as the libraries exchange it. */
  encode(): Buffer;
}

const significantDigits = 3;
/** Values below this have a bucket each; every doubling above has half as many buckets. */
const subBucketCount = 2048;
const halfMagnitude = 10;
const halfCount = subBucketCount / 2;
const encodingCookie = 0x1c849313;
const compressedCookie = 0x1c849314;
const headerBytes = 40;

/** Makes an empty histogram. */
export function createHdrHistogram(): HdrHistogram {
  const counts = new Map<number, number>();
  let count = 0;
  let max = 0;
  return {
    get count() {
      return count;
    },
    get max() {
      return max;
    },
    record(value) {
      const whole = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value)));
      const place = bucketPlace(whole);
      counts.set(place, (counts.get(place) ?? 0) + 1);
      count += 1;
      max = Math.max(max, whole);
    },
    encode: () => encodeHistogram(counts, max),
  };
}

/** Where a value is counted. Source: HdrHistogram's `countsArrayIndex`, for a unit of 1. */
function bucketPlace(value: number): number {
  const highestBit = value >= 2 ** 32 ? 63 - Math.clz32(value / 2 ** 32) : 31 - Math.clz32(value);
  const bucket = Math.max(0, highestBit - halfMagnitude);
  const subBucket = Math.floor(value / 2 ** bucket);
  return (bucket + 1) * halfCount + subBucket - halfCount;
}

function encodeHistogram(counts: ReadonlyMap<number, number>, max: number): Buffer {
  const payload = encodeCounts(counts);
  const header = Buffer.alloc(headerBytes);
  header.writeInt32BE(encodingCookie, 0);
  header.writeInt32BE(payload.length, 4);
  header.writeInt32BE(0, 8);
  header.writeInt32BE(significantDigits, 12);
  header.writeBigInt64BE(1n, 16);
  header.writeBigInt64BE(BigInt(highestTrackable(max)), 24);
  header.writeDoubleBE(1, 32);
  const compressed = deflateSync(Buffer.concat([header, payload]));
  const envelope = Buffer.alloc(8);
  envelope.writeInt32BE(compressedCookie, 0);
  envelope.writeInt32BE(compressed.length, 4);
  return Buffer.concat([envelope, compressed]);
}

/** An hour of nanoseconds, doubled until the value fits. */
function highestTrackable(max: number): number {
  let highest = 3_600_000_000_000;
  while (highest < max) highest *= 2;
  return highest;
}

/** Counts up to the last that is not zero; a run of zeros is one negative number. */
function encodeCounts(counts: ReadonlyMap<number, number>): Buffer {
  const bytes: number[] = [];
  let next = 0;
  for (const place of [...counts.keys()].toSorted((a, b) => a - b)) {
    const gap = place - next;
    if (gap > 0) putZigZag(bytes, gap === 1 ? 0 : -gap);
    putZigZag(bytes, counts.get(place) ?? 0);
    next = place + 1;
  }
  if (next === 0) putZigZag(bytes, 0);
  return Buffer.from(bytes);
}

/** A signed number, seven bits a byte, the lowest first. Arithmetic, since bit operators cut. */
function putZigZag(bytes: number[], value: number): void {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}
