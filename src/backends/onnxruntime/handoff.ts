import type { OnnxRuntimeEnvironment } from '../../native/onnxruntime/environment.ts';

const rounds = 21;

/**
 * Measures what handing a call to a thread of the pool and back costs, in milliseconds: the median
 * of calls that do next to nothing themselves.
 */
export async function measureHandoffMs(environment: OnnxRuntimeEnvironment): Promise<number> {
  const { api } = environment.library;
  const sink = new BigUint64Array(1);
  const samplesMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      api.GetAllocatorWithDefaultOptions.async(sink, () => resolve());
    });
    samplesMs.push(performance.now() - startMs);
  }
  return samplesMs.toSorted((a, b) => a - b)[rounds >> 1] ?? 0;
}
