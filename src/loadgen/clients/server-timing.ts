import type { RequestDetail } from '../load-client.ts';

const none: RequestDetail = {};

/** What of the server's time goes where; others are part of neither. */
const queueStages = new Set(['queue']);
const computeStages = new Set(['input', 'execute', 'output']);

/** Where a server says the time of a request went, by its `Server-Timing` header. */
export function readServerTiming(
  header: string | undefined,
): Pick<RequestDetail, 'queueMs' | 'computeMs'> {
  if (header === undefined) return none;
  let queueMs: number | undefined;
  let computeMs: number | undefined;
  for (const [, name = '', duration] of header.matchAll(/([\w-]+)\s*;\s*dur=([\d.]+)/g)) {
    if (queueStages.has(name)) queueMs = (queueMs ?? 0) + Number(duration);
    if (computeStages.has(name)) computeMs = (computeMs ?? 0) + Number(duration);
  }
  return {
    ...(queueMs === undefined ? {} : { queueMs }),
    ...(computeMs === undefined ? {} : { computeMs }),
  };
}
