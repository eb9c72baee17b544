import { type Slo, formatClause, formatSlo } from '../../core/slo.ts';
import type { Proof, ProofPart } from '../../loadgen/search/run-proof.ts';
import type { Verdict } from '../../loadgen/verdict/verdict.ts';
import { describeNeed, percent } from '../../loadgen/verdict/wording.ts';
import type { Style } from '../style.ts';
import { formatTable } from '../text-table.ts';

/** What was to be proved. */
export interface ProofClaim {
  readonly slo: Slo;
  readonly confidence: number;
}

/** A proof for people: the verdict first, then what it rests on. */
export function formatProof(
  proof: Proof<Verdict>,
  { slo, confidence }: ProofClaim,
  style: Style,
): string[] {
  const { verdict, runs, setAsideCount, ending, invalidReasons } = proof;
  const measuredMs = runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const head = ['', 'requests', 'misses', 'allowed', 'misses are surely within'];
  const rows = verdict.clauses.map((finding) => [
    formatClause(finding.clause),
    String(finding.requestCount),
    String(finding.missCount),
    percent(finding.allowedMissShare),
    `${percent(finding.missShareLower)} … ${percent(finding.missShareUpper)}`,
  ]);
  return [
    `${headline(findingOf(proof), style)}  ${formatSlo(slo)} at ${percent(confidence)} confidence`,
    ...(ending === 'invalid' ? invalidReasons : [verdict.reason]).map((text) => `  ${text}`),
    ...(ending === 'stopped' ? ['  stopped before its time'] : []),
    ...(ending === 'invalid' ? [] : needed(proof)),
    '',
    ...formatTable([head, ...rows], { rightColumns: [1, 2, 3, 4] }),
    '',
    `  measured ${seconds(measuredMs)} s in ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, each from a seed of its own`,
    ...(setAsideCount === 0
      ? []
      : [`  ${setAsideCount} more do not count: the generator did not keep up`]),
  ];
}

/** How a part is called as it is measured. */
export function partName({ number, tryCount }: Pick<ProofPart, 'number' | 'tryCount'>): string {
  return `part ${number}${tryCount === 1 ? '' : `, try ${tryCount}`}`;
}

/** Says that a part does not count, and why. */
export function setAsideText(
  { number }: Pick<ProofPart, 'number'>,
  reasons: readonly string[],
  triesLeft: number,
): string {
  const left = `${triesLeft} ${triesLeft === 1 ? 'try' : 'tries'} left`;
  return `part ${number} does not count, ${reasons.join('; ')}; measuring it again, ${left}`;
}

/** What came of a proof: a verdict, or none from runs that are not valid. */
type ProofFinding = Verdict['kind'] | 'invalid';

/** What came of a proof, as its JSON and its record have it. */
export function findingOf({ verdict, ending }: Proof<Verdict>): ProofFinding {
  return ending === 'invalid' ? 'invalid' : verdict.kind;
}

/** How each finding is called. */
export const findingWords: Readonly<Record<ProofFinding, string>> = {
  proved: 'PROVED',
  refuted: 'REFUTED',
  notEnoughData: 'NOT ENOUGH DATA',
  invalid: 'INVALID',
};

function headline(finding: ProofFinding, { bold, green, red, yellow }: Style): string {
  const colours = { proved: green, refuted: red, notEnoughData: yellow, invalid: yellow };
  return colours[finding](bold(findingWords[finding]));
}

function needed({ verdict, ending }: Proof<Verdict>): string[] {
  const need = describeNeed(verdict);
  if (need === undefined) return [];
  const isTime = verdict.kind === 'notEnoughData' && !verdict.isRising;
  return [`  ${need}${isTime && ending === 'time over' ? ': raise --duration' : ''}`];
}

function seconds(durationMs: number): string {
  return String(Number((durationMs / 1_000).toFixed(1)));
}
