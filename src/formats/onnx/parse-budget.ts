import { invalidArgument } from '../../core/error.ts';

/**
 * How many objects a parse may still make. A protobuf field of two bytes can become an object of
 * hundreds, so the size of the file alone does not bound the memory its model takes.
 */
export interface ParseBudget {
  /** @throws HeadwayError `invalid_argument` when more is spent than there is. */
  spend(itemCount: number): void;
  /** Spends one and returns what it was given. */
  keep(bytes: Uint8Array): Uint8Array;
}

/** Creates a budget of `itemCount` objects. */
export function createParseBudget(itemCount: number): ParseBudget {
  let left = itemCount;
  const spend = (count: number): void => {
    left -= count;
    if (left < 0) {
      throw invalidArgument(`The ONNX model has more than ${itemCount} parts; it is not read.`);
    }
  };
  return {
    spend,
    keep(bytes) {
      spend(1);
      return bytes;
    },
  };
}
