import { invalidArgument } from '../../core/error.ts';

/** What a parsed message costs; one element of a list costs 1. */
export const messageCost = 8;

/**
 * How many objects a parse may still make. A protobuf field of two bytes can become an object of
 * hundreds, so the size of the file alone does not bound the memory its model takes.
 */
export interface ParseBudget {
  /** @throws HeadwayError `invalid_argument` when more is spent than there is. */
  spend(cost: number): void;
  /** Spends the cost of a message and returns what it was given. */
  keep(bytes: Uint8Array): Uint8Array;
}

/** Creates a budget of this cost. */
export function createParseBudget(limit: number): ParseBudget {
  let left = limit;
  const spend = (cost: number): void => {
    left -= cost;
    if (left < 0) {
      throw invalidArgument(
        `The ONNX model has too many parts: only ${limit / messageCost} are read.`,
      );
    }
  };
  return {
    spend,
    keep(bytes) {
      spend(messageCost);
      return bytes;
    },
  };
}
