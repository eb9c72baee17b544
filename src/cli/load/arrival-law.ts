import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { parseDurationMs } from '../../config/quantity.ts';
import { HeadwayError, invalidArgument } from '../../core/error.ts';
import { didYouMean } from '../../core/nearest-name.ts';
import type { Arrival, LoadStep } from '../../loadgen/arrivals/arrival.ts';
import { parseTrace } from '../../loadgen/arrivals/parse-trace.ts';

/** An arrival law as the command line gives it. */
export type ArrivalLaw =
  /** One that takes its rate from elsewhere. */
  | { readonly kind: 'atRate'; readonly at: (rate: number) => Arrival }
  /** One that says by itself how much load there is, and how long it goes on if it knows. */
  | { readonly kind: 'own'; readonly arrival: Arrival; readonly durationMs: number | undefined }
  | { readonly kind: 'traceFile'; readonly file: string };

const forms =
  'poisson, constant, gamma:SHAPE, bursts:ON,OFF, ramp:FROM,TO, steps:RATE@TIME,… or trace:FILE';

/** Reads what stands behind the colon; `undefined` for what is none. */
type ReadLaw = (text: string) => ArrivalLaw | undefined;

const laws: Readonly<Record<string, ReadLaw>> = {
  poisson: (text) => withoutMore(text, (rate) => ({ kind: 'poisson', rate })),
  constant: (text) => withoutMore(text, (rate) => ({ kind: 'constant', rate })),
  gamma(text) {
    const burstiness = toNumber(text);
    if (!(burstiness > 0)) return undefined;
    return { kind: 'atRate', at: (rate) => ({ kind: 'gamma', rate, burstiness }) };
  },
  bursts(text) {
    const [onMs, offMs, ...more] = text.split(',').map(parseDurationMs);
    if (onMs === undefined || offMs === undefined || onMs <= 0 || more.length > 0) return undefined;
    return { kind: 'atRate', at: (rate) => ({ kind: 'bursts', rate, onMs, offMs }) };
  },
  ramp(text) {
    const [fromRate = Number.NaN, toRate = Number.NaN, ...more] = text.split(',').map(toNumber);
    if (!(fromRate >= 0 && toRate >= 0) || more.length > 0) return undefined;
    return { kind: 'own', arrival: { kind: 'ramp', fromRate, toRate }, durationMs: undefined };
  },
  steps(text) {
    const steps = text.split(',').map(readStep);
    if (!steps.every((step) => step !== undefined)) return undefined;
    const durationMs = steps.reduce((sum, step) => sum + step.durationMs, 0);
    return { kind: 'own', arrival: { kind: 'steps', steps }, durationMs };
  },
  trace: (text) => (text === '' ? undefined : { kind: 'traceFile', file: text }),
};

/** Reads an arrival law. @throws HeadwayError `invalid_argument` for what is none. */
export function readArrivalLaw(text: string): ArrivalLaw {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const read = Object.hasOwn(laws, name) ? laws[name] : undefined;
  const law = read?.(colon === -1 ? '' : text.slice(colon + 1));
  if (law !== undefined) return law;
  const hint = read === undefined ? didYouMean(name, Object.keys(laws)) : '';
  throw invalidArgument(`--arrival '${text}' is no law of arrival${hint}: write ${forms}`);
}

/**
 * Reads the trace that a law names; other laws stay as they are.
 * @throws HeadwayError `not_found` for a missing file, `invalid_argument` for a trace that is none,
 * such as one that goes backwards.
 */
export async function completeLaw(
  law: ArrivalLaw,
  cwd: string,
): Promise<Exclude<ArrivalLaw, { readonly kind: 'traceFile' }>> {
  if (law.kind !== 'traceFile') return law;
  const text = await readFile(resolve(cwd, law.file), 'utf8').catch((cause: unknown) => {
    throw new HeadwayError('not_found', `Cannot read the trace '${law.file}'.`, { cause });
  });
  const trace = parseTrace(text, law.file);
  // The last request is part of the run.
  const durationMs = (trace.intendedMs.at(-1) ?? 0) + 1;
  return { kind: 'own', arrival: { kind: 'trace', trace }, durationMs };
}

function withoutMore(text: string, at: (rate: number) => Arrival): ArrivalLaw | undefined {
  return text === '' ? { kind: 'atRate', at } : undefined;
}

function readStep(text: string): LoadStep | undefined {
  const [, rate, time = ''] = /^([\d.]+)@(.+)$/.exec(text) ?? [];
  const durationMs = parseDurationMs(time);
  const value = toNumber(rate ?? '');
  return value >= 0 && durationMs !== undefined && durationMs > 0
    ? { rate: value, durationMs }
    : undefined;
}

function toNumber(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
