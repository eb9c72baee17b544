import { createOpenAiLoadClient } from '../../src/loadgen/clients/openai-client.ts';
import { prepareOpenAiRequest } from '../../src/loadgen/inputs/openai-requests.ts';
import { chunksOf, firstTokenMs as ttftMs } from '../../src/loadgen/llm/answer-times.ts';
import { runOpenLoop } from '../../src/loadgen/run-load.ts';
import type { LoadRun } from '../../src/loadgen/samples.ts';
import { startProcess } from '../lib/processes.ts';
import { median, quantile } from '../lib/quantile.ts';
import { type BenchRow, atMost } from '../lib/report.ts';
import { type ServedStream, firstTokenMs, gapsMs } from './stream-script.ts';

const warmupMs = 1000;
const durationMs = 10_000;
const ratePerSecond = 20;

/** Absolute errors in milliseconds. */
interface Errors {
  readonly ttft: number[];
  readonly gaps: number[];
}

/**
 * Streams from a server that keeps to a script, in a process of its own: how far what is reported is
 * from the script. The error of a value is its absolute difference from the script's; of the times
 * to the first token, which count from the intended send, and of the gaps between chunks a median is
 * taken each, and the larger is the figure. What the server is late by itself is part of it; the
 * detail has the errors against what it really did, too.
 */
export async function benchStreamError(): Promise<BenchRow> {
  await using server = await startProcess([
    new URL('scripted-stream-process.ts', import.meta.url).pathname,
  ]);
  const run = await stream(server.port);
  const served = (await server.ask({})) as readonly ServedStream[];
  const scripted = errorsOf(run, () => ({ firstMs: firstTokenMs, gapsMs }));
  const actual = errorsOf(run, (row) => really(served.find(({ index }) => index === row)));
  const answerCount = scripted.ttft.length;
  const value = answerCount === 0 ? Infinity : larger(scripted);
  const p99 = [scripted.ttft, scripted.gaps].map((errors) => quantile(errors, 0.99).toFixed(2));
  return atMost('streamErrorMs', value, {
    bar: 1,
    detail: `median error in ms of TTFT ${median(scripted.ttft).toFixed(3)}, of gaps ${median(scripted.gaps).toFixed(3)} (p99 ${p99.join(' and ')}); ${larger(actual).toFixed(3)} against what the server did by its own clock; ${answerCount} answers`,
  });
}

function larger({ ttft, gaps }: Errors): number {
  return Math.max(median(ttft), median(gaps));
}

async function stream(port: number): Promise<LoadRun> {
  const count = ((warmupMs + durationMs) / 1000) * ratePerSecond;
  const rows = Array.from({ length: count }, (_, row) => row);
  const requests = rows.map((row) =>
    prepareOpenAiRequest(
      { text: 'Hello' },
      { api: 'chat', model: 'scripted', isStreamed: true, extra: { user: String(row) } },
    ),
  );
  await using client = createOpenAiLoadClient({
    url: `http://127.0.0.1:${port}`,
    requests,
    timeoutMs: 10_000,
  });
  // No multiple of the script's times, so that streams overlap in many ways.
  const intendedMs = Float64Array.from(rows, (row) => (row * 997) / ratePerSecond);
  return await runOpenLoop({ seed: 0, intendedMs, warmupMs, durationMs }, client);
}

interface Truth {
  readonly firstMs: number;
  readonly gapsMs: readonly number[];
}

function really(served: ServedStream | undefined): Truth {
  const [firstMs = Number.NaN, ...rest] = served?.writtenMs ?? [];
  return { firstMs, gapsMs: rest.map((atMs, index) => atMs - (served?.writtenMs[index] ?? NaN)) };
}

function errorsOf({ samples }: LoadRun, truthOf: (row: number) => Truth): Errors {
  const errors: Errors = { ttft: [], gaps: [] };
  const { stream: chunks } = samples;
  for (let row = 0; row < samples.count; row += 1) {
    const isMeasured = (samples.intendedMs[row] ?? 0) >= warmupMs && samples.outcome[row] === 0;
    if (chunks === undefined || !isMeasured) continue;
    const truth = truthOf(row);
    errors.ttft.push(difference(ttftMs(samples, row), truth.firstMs));
    const { from, to } = chunksOf(chunks, row);
    const times = chunks.chunkMs.subarray(from, to);
    for (const [index, gapMs] of truth.gapsMs.entries()) {
      errors.gaps.push(difference((times[index + 1] ?? NaN) - (times[index] ?? NaN), gapMs));
    }
  }
  return errors;
}

/** What is missing is as wrong as can be. */
function difference(measured: number, truth: number): number {
  return Number.isNaN(measured - truth) ? Infinity : Math.abs(measured - truth);
}
