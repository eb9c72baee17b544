import type { Command } from 'commander';
import { formatSlo } from '../../core/slo.ts';
import { comparisonTable, serverNames } from '../../loadgen/comparison/comparison-rows.ts';
import { summarizeLlm } from '../../loadgen/llm/summarize-llm.ts';
import { scenarioRules } from '../../loadgen/mlperf/scenario.ts';
import { comparisonSection } from '../../loadgen/report/comparison-section.ts';
import type { LoadRun } from '../../loadgen/samples.ts';
import { quantileValue } from '../../loadgen/summary/distribution.ts';
import { summarize } from '../../loadgen/summary/summarize.ts';
import type { CliContext } from '../context.ts';
import { isWithinBound } from '../load/bound.ts';
import { type LoadSession, openLoadSession } from '../load/load-session.ts';
import { checkProtocolOptions } from '../load/protocol-options.ts';
import { checkFiles } from '../load/check-files.ts';
import { tell } from '../load/tell.ts';
import { writeRunFiles } from '../load/write-files.ts';
import { writeReport } from '../load/write-report.ts';
import { readUsage } from '../option-values.ts';
import type { BenchMode, Load } from './bench-mode.ts';
import {
  type BenchOptions,
  type BenchPlan,
  completePlan,
  readBenchChoice,
  shapeOf,
} from './bench-plan.ts';
import { type ShownRun, formatBench, formatLoad, tableLines } from './format-bench.ts';
import { measuredProblem } from './measured-problem.ts';
import { overviewSections } from './overview-section.ts';
import { runComparison } from './run-comparison.ts';
import { type Measurement, countedAmong, runMode } from './run-mode.ts';
import { scenarioResult } from './scenario-result.ts';

/** Where to and how. */
export interface BenchCall {
  readonly url: string;
  readonly options: BenchOptions;
}

/** One load as it was measured. */
interface Measured extends Measurement, ShownRun {
  readonly isWithin: boolean | undefined;
  readonly run: LoadRun;
}

/** What is measured, and with what. */
interface BenchWork {
  readonly context: CliContext;
  readonly call: BenchCall;
  readonly plan: BenchPlan;
  readonly session: LoadSession;
}

/**
 * Measures what was asked for and tells it.
 * @throws HeadwayError when the server is not there, when it dies, when the generator could not
 * keep up, and when it was stopped: what was measured has been told and kept by then.
 */
export async function runBench(
  context: CliContext,
  command: Command,
  call: BenchCall,
): Promise<void> {
  const { url, options } = call;
  const choice = readUsage(() => {
    checkProtocolOptions(url, command);
    return readBenchChoice(url, options);
  });
  const plan = await completePlan(choice, context, command);
  await checkFiles(context.cwd, options);
  await using session = await openLoadSession(context, {
    kind: 'bench',
    url,
    vs: options.vs,
    options,
    settings: settingsOf(plan, options),
    samplesPerQuery: samplesPerQuery(plan.mode),
    generators: options.generators,
    drainMs: options.timeout,
  });
  const work = { context, call, plan, session };
  if (options.vs !== undefined && plan.mode.kind === 'single') {
    await compare(work, { vs: options.vs, load: plan.mode.load });
  } else await measureAll(work);
}

async function measureAll({ context, call, plan, session }: BenchWork): Promise<void> {
  const { url, options } = call;
  const outcome = await runMode(plan.mode, {
    measure: (load) => measure(session, plan, { load, seed: options.seed }),
    judgeScenario: (mode, one) => scenarioResult(mode, one.run, plan.slo),
    isStopped: () => context.signal.aborted,
  });
  const { measured, finding } = outcome;
  const result = { runs: measured.map(toJson), finding };
  const runs = measured.map(({ run }) => run);
  const counted = countedAmong(outcome).map(({ run }) => run);
  const problem = measuredProblem(url, context.signal.aborted, { last: runs.at(-1), counted });
  tell(context, session, {
    options,
    result,
    problem,
    lines: (style) => formatBench(measured, finding, style),
  });
  const { jsonl, histogram, report } = options;
  await writeRunFiles(runs, { cwd: context.cwd, jsonl, histogram });
  if (report !== undefined) {
    await writeReport({
      context,
      file: report,
      url,
      title: `Load on ${options.model ?? url}`,
      evidenceId: session.evidenceId,
      slo: plan.slo,
      runs: measured.map(({ load, run, summary }) => ({ name: formatLoad(load), run, summary })),
      sections: overviewSections(measured, finding),
    });
  }
  if (problem !== undefined) throw problem.error;
}

async function compare(
  { context, call, plan, session }: BenchWork,
  { vs, load }: { readonly vs: string; readonly load: Load },
): Promise<void> {
  const { url, options } = call;
  const isStopped = (): boolean => context.signal.aborted;
  const { seed, pairs: pairCount, report, jsonl, histogram } = options;
  const { pairs, comparison } = await runComparison(session, plan, {
    load,
    seed,
    pairCount,
    isStopped,
  });
  const names = serverNames(url, vs);
  const named = pairs.flatMap(({ first, second }, index) => [
    { name: `pair ${index + 1}: ${names[0]}`, run: first, summary: summarize(first) },
    { name: `pair ${index + 1}: ${names[1]}`, run: second, summary: summarize(second) },
  ]);
  const told = named.map(({ name, run, summary }) => {
    return { name, ...summary, llm: summarizeLlm(run, plan.slo) };
  });
  const runs = named.map(({ run }) => run);
  const problem =
    measuredProblem(url, isStopped(), { last: runs.at(-2), counted: runs }) ??
    measuredProblem(vs, isStopped(), { last: runs.at(-1), counted: [] });
  tell(context, session, {
    options,
    problem,
    result: { comparison, runs: told },
    lines: (style) =>
      comparison === undefined ? [] : tableLines(comparisonTable(comparison, names), style),
  });
  await writeRunFiles(runs, { cwd: context.cwd, jsonl, histogram });
  if (report !== undefined && comparison !== undefined) {
    await writeReport({
      context,
      file: report,
      url,
      title: `${vs} against ${url}`,
      evidenceId: session.evidenceId,
      slo: plan.slo,
      runs: named,
      sections: [comparisonSection(comparison, pairs, names)],
    });
  }
  if (problem !== undefined) throw problem.error;
}

/** Multi-stream asks several samples at once. */
function samplesPerQuery(mode: BenchMode): number {
  return mode.kind === 'scenario' ? scenarioRules[mode.scenario].samplesPerQuery : 1;
}

async function measure(
  session: LoadSession,
  { law, slo, warmupMs, durationMs }: BenchPlan,
  { load, seed }: { readonly load: Load; readonly seed: number },
): Promise<Measured> {
  const choice = { shape: shapeOf(load, law), seed, warmupMs, durationMs };
  const run = await session.measure(formatLoad(load), choice);
  const summary = summarize(run);
  return {
    load,
    run,
    summary,
    llm: summarizeLlm(run, slo),
    isValid: summary.validity.isValid,
    isWithin: isWithinBound(run, slo),
    throughputPerSecond: summary.achievedPerSecond,
    medianMs: quantileValue(summary.latencyMs, 0.5),
  };
}

/** What there is not is left out of JSON. */
function toJson({ load, summary, llm, isWithin }: Measured): Record<string, unknown> {
  return { load, ...summary, llm, isWithin };
}

function settingsOf({ slo }: BenchPlan, options: BenchOptions): Record<string, unknown> {
  const { home: _, json: __, apiKey: ___, evidence: ____, dimension, ...settings } = options;
  return {
    ...settings,
    ...(dimension === undefined ? {} : { dimension: Object.fromEntries(dimension) }),
    ...(slo === undefined ? {} : { slo: formatSlo(slo) }),
  };
}
