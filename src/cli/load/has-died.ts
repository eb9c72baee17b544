import { type LoadRun, outcomes } from '../../loadgen/samples.ts';

/** Requests at the end of a run that must all have found nobody for the server to count as gone. */
const lastRequests = 10;

/** Whether the server was gone at the end of a run: its last requests found nobody to answer. */
export function hasDied({ samples }: LoadRun): boolean {
  const disconnected = outcomes.indexOf('disconnected');
  const last = samples.outcome.subarray(0, samples.count).slice(-lastRequests);
  return last.length > 0 && last.every((outcome) => outcome === disconnected);
}
