import type { Arrival, LoadStep } from './arrival.ts';

/** The time, in milliseconds, by which so many requests are expected; `Infinity` when never. */
export type TimeAt = (expectedCount: number) => number;

/** The inverse of the rate summed over time, for each way to arrive. */
export function createTimeAt(
  arrival: Exclude<Arrival, { readonly kind: 'trace' }>,
  { warmupMs, durationMs }: { readonly warmupMs: number; readonly durationMs: number },
): TimeAt {
  switch (arrival.kind) {
    case 'poisson':
    case 'constant':
    case 'gamma':
      return (expectedCount) => (expectedCount / arrival.rate) * 1000;
    case 'bursts': {
      const { rate, onMs, offMs } = arrival;
      return (expectedCount) => {
        const busyMs = (expectedCount / rate) * 1000;
        return busyMs + Math.floor(busyMs / onMs) * offMs;
      };
    }
    case 'ramp': {
      const { fromRate, toRate } = arrival;
      const warmupCount = (fromRate * warmupMs) / 1000;
      const growth = ((toRate - fromRate) / durationMs) * 1000;
      return (expectedCount) =>
        expectedCount < warmupCount
          ? (expectedCount / fromRate) * 1000
          : warmupMs + rampTimeMs(expectedCount - warmupCount, fromRate, growth);
    }
    case 'steps': {
      const [first] = arrival.steps;
      const steps = [{ rate: first?.rate ?? 0, durationMs: warmupMs }, ...arrival.steps];
      return (expectedCount) => stepsTimeMs(expectedCount, steps);
    }
  }
}

/** Solves count = rate · t + growth · t² / 2, without the loss of digits at a small growth. */
function rampTimeMs(count: number, rate: number, growth: number): number {
  const root = rate ** 2 + 2 * growth * count;
  if (root < 0) return Infinity;
  return count === 0 ? 0 : ((2 * count) / (rate + Math.sqrt(root))) * 1000;
}

function stepsTimeMs(expectedCount: number, steps: readonly LoadStep[]): number {
  let startMs = 0;
  let missing = expectedCount;
  for (const [index, { rate, durationMs }] of steps.entries()) {
    const count = (rate * durationMs) / 1000;
    const isLast = index === steps.length - 1;
    if (missing < count || isLast) return startMs + (missing / rate) * 1000;
    missing -= count;
    startMs += durationMs;
  }
  return Infinity;
}
