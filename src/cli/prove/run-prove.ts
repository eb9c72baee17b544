import type { Command } from 'commander';
import { invalidArgument } from '../../core/error.ts';
import { type Slo, formatSlo, parseSlo } from '../../core/slo.ts';
import { summarizeLlm } from '../../loadgen/llm/summarize-llm.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { type Proof, runProof } from '../../loadgen/search/run-proof.ts';
import { summarize } from '../../loadgen/summary/summarize.ts';
import { reasonsAgainst } from '../../loadgen/verdict/run-reasons.ts';
import { createJudge } from '../../loadgen/verdict/judge.ts';
import { leastDurationMs } from '../../loadgen/verdict/least-duration.ts';
import type { Verdict } from '../../loadgen/verdict/verdict.ts';
import type { CliContext } from '../context.ts';
import type { CommonOptions } from '../load/common-options.ts';
import { checkFiles } from '../load/check-files.ts';
import { drainMsFor } from '../load/drain.ts';
import { hasDied } from '../load/has-died.ts';
import { type LoadSession, openLoadSession } from '../load/load-session.ts';
import {
  type Problem,
  diedProblem,
  generatorAdvice,
  invalidProblem,
  stoppedProblem,
} from '../load/problem.ts';
import { checkProtocolOptions } from '../load/protocol-options.ts';
import { checkSloProtocol } from '../load/streamed-slo.ts';
import { tell } from '../load/tell.ts';
import { writeReport } from '../load/write-report.ts';
import { readUsage } from '../option-values.ts';
import { VerdictExit } from '../verdict-exit.ts';
import { findingOf, findingWords, formatProof, partName, setAsideText } from './format-proof.ts';

/** What `headway prove` was told. */
export interface ProveOptions extends CommonOptions {
  readonly slo: readonly string[];
  readonly confidence: number;
  readonly duration: number;
  readonly warmup: number;
  readonly generators: number;
  readonly report?: string;
}

/** Where to and how. */
export interface ProveCall {
  readonly url: string;
  readonly options: ProveOptions;
}

/** A part as it was measured, the same one again where it did not count. */
interface MeasuredPart {
  readonly name: string;
  readonly run: LoadRun;
}

/**
 * Measures until it can be said whether the server holds the SLO, and says so.
 * @throws VerdictExit when it does not, or when there is not enough data.
 * @throws HeadwayError when the server is not there or dies, and when the generator could not keep
 * up: what was measured has been told and kept by then.
 */
export async function runProve(
  context: CliContext,
  command: Command,
  { url, options }: ProveCall,
): Promise<void> {
  const { slo, ratePerSecond } = readUsage(() => {
    checkProtocolOptions(url, command);
    return readSlo(url, options);
  });
  await checkFiles(context.cwd, { report: options.report });
  const { confidence, warmup: warmupMs, duration: plannedMs } = options;
  await using session = await openLoadSession(context, {
    kind: 'prove',
    url,
    options,
    settings: { slo: formatSlo(slo), confidence, warmupMs, plannedMs, arrival: 'poisson' },
    generators: options.generators,
    drainMs: drainMsFor(slo, options.timeout),
  });
  const { proof, measured } = await measureProof(context, session, { options, slo, ratePerSecond });
  const problem = problemOf(url, proof, measured.at(-1)?.run);
  tell(context, session, {
    options,
    result: proofJson(proof, slo, confidence),
    verdict: findingOf(proof),
    problem,
    lines: (style) => formatProof(proof, { slo, confidence }, style),
  });
  if (options.report !== undefined) {
    await writeReport({
      context,
      file: options.report,
      url,
      evidenceId: session.evidenceId,
      slo,
      ...reportOf(proof, measured, slo),
    });
  }
  endWith(context, proof, problem);
}

/** What is proved of which load. */
interface ProofTask {
  readonly options: ProveOptions;
  readonly slo: Slo;
  readonly ratePerSecond: number;
}

/** @returns the proof, and all that was measured, valid or not. */
async function measureProof(
  context: CliContext,
  session: LoadSession,
  { options, slo, ratePerSecond }: ProofTask,
): Promise<{ readonly proof: Proof<Verdict>; readonly measured: readonly MeasuredPart[] }> {
  const { confidence, warmup: warmupMs, duration: plannedMs, seed: firstSeed } = options;
  const shape = { kind: 'open', arrival: { kind: 'poisson', rate: ratePerSecond } } as const;
  const measured: MeasuredPart[] = [];
  const proof = await runProof<Verdict>(
    { plannedMs, firstSeed },
    {
      async measure(part) {
        const { durationMs, seed } = part;
        const name = partName(part);
        const run = await session.measure(name, { shape, seed, warmupMs, durationMs });
        measured.push({ name, run });
        return run;
      },
      ...createJudge({ slo, confidence, plannedMs }),
      invalidReasons: (run) => reasonsAgainst(run, slo),
      onSetAside(part, reasons, triesLeft) {
        context.stderr.write(`${setAsideText(part, reasons, triesLeft)}\n`);
      },
      isStopped: () => context.signal.aborted,
    },
  );
  return { proof, measured };
}

function readSlo(
  url: string,
  options: ProveOptions,
): { readonly slo: Slo; readonly ratePerSecond: number } {
  const slo = parseSlo(options.slo.join(','));
  checkSloProtocol(slo, url, options);
  const { ratePerSecond } = slo;
  if (ratePerSecond !== undefined) {
    const leastMs = leastDurationMs(slo, options.confidence);
    if (options.duration >= leastMs) return { slo, ratePerSecond };
    throw invalidArgument(
      `--duration is too short: even without a miss, '${formatSlo(slo)}' takes ${Math.ceil(leastMs / 1_000)} s to prove at this confidence; raise it to ${Math.ceil(leastMs / 1_000)}s or more`,
    );
  }
  throw invalidArgument(
    `The SLO '${formatSlo(slo)}' names no rate: a latency holds at some rate only; add one, as in rate=100,${formatSlo(slo)}`,
  );
}

function proofJson(proof: Proof<Verdict>, slo: Slo, confidence: number): Record<string, unknown> {
  const { verdict, runs, setAsideCount, ending, invalidReasons } = proof;
  return {
    verdict: findingOf(proof),
    slo: formatSlo(slo),
    confidence,
    ending,
    setAsideCount,
    ...(ending === 'invalid' ? { invalidReasons } : { finding: verdict }),
    runs: runs.map((run) => ({ ...summarize(run), llm: summarizeLlm(run, slo) })),
  };
}

/** @param measured all parts, those that do not count too. */
function reportOf(proof: Proof<Verdict>, measured: readonly MeasuredPart[], slo: Slo) {
  const finding = findingOf(proof);
  const isInvalid = finding === 'invalid';
  const judged = proof.runs.map((run, index) => ({ name: `part ${index + 1}`, run }));
  return {
    title: `${findingWords[finding]}: ${formatSlo(slo)}`,
    ...(isInvalid
      ? { invalid: `nothing is concluded: ${proof.invalidReasons.join('; ')}` }
      : { verdict: proof.verdict }),
    runs: (isInvalid ? measured : judged).map((part) => ({
      ...part,
      summary: summarize(part.run),
    })),
  };
}

function problemOf(
  url: string,
  { ending, invalidReasons }: Proof<Verdict>,
  last: LoadRun | undefined,
): Problem | undefined {
  if (ending === 'clear') return undefined;
  if (last !== undefined && hasDied(last)) return diedProblem(url);
  if (ending === 'stopped') return stoppedProblem();
  if (ending !== 'invalid' || last === undefined) return undefined;
  return invalidProblem(
    invalidReasons,
    `Nothing is concluded from a run that is not valid: ${invalidReasons.join('; ')}. ${generatorAdvice(last)}`,
  );
}

/** What was judged before it was stopped, or before the server went away, holds. */
function endWith(
  context: CliContext,
  { verdict }: Proof<Verdict>,
  problem: Problem | undefined,
): void {
  if (problem?.state === 'failed') throw problem.error;
  if (problem !== undefined) context.stderr.write(`headway: ${problem.error.message}\n`);
  if (verdict.kind !== 'proved') throw new VerdictExit(verdict.kind);
}
