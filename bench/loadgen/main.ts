import type { BenchReport } from '../lib/report.ts';
import { benchCalibration } from './calibration.ts';
import { benchCapacity } from './capacity.ts';
import { benchFixedError } from './fixed-error.ts';
import { benchStallError } from './stall-error.ts';
import { benchStreamError } from './stream-error.ts';

/** The load generator against servers of known truth. Each measure has a file of its own. */
export async function benchLoadgen(): Promise<BenchReport> {
  return {
    name: 'loadgen',
    rows: [
      await benchFixedError(),
      await benchStallError(),
      await benchStreamError(),
      await benchCapacity('http', 5000),
      await benchCapacity('grpc', 2500),
      ...(await benchCalibration()),
    ],
  };
}
