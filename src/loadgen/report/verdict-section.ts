import { formatClause } from '../../core/slo.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { describeNeed } from '../verdict/wording.ts';
import { shareText } from '../summary/format-number.ts';
import type { Report, ReportSection } from './report-html.ts';

const tones = { proved: 'good', refuted: 'bad', notEnoughData: 'open' } as const satisfies Record<
  Verdict['kind'],
  string
>;

const words = {
  proved: 'PROVED',
  refuted: 'REFUTED',
  notEnoughData: 'NOT ENOUGH DATA',
} as const satisfies Record<Verdict['kind'], string>;

/** The verdict as it stands at the head of a report. */
export function verdictBanner(verdict: Verdict): NonNullable<Report['verdict']> {
  const need = describeNeed(verdict);
  const confidence = `at ${shareText(verdict.confidence)} confidence`;
  return {
    tone: tones[verdict.kind],
    text: `${words[verdict.kind]} ${confidence}: ${verdict.reason}${need === undefined ? '' : `; ${need}`}`,
  };
}

/** What the verdict rests on: each clause of the SLO with the bounds of its share of misses. */
export function verdictSection(verdict: Verdict): ReportSection {
  const invalid = verdict.kind === 'notEnoughData' ? verdict.invalidReasons : [];
  return {
    title: 'What the verdict rests on',
    texts: [
      'A request that was late, refused, failed or dropped is a miss. The bounds are the worse of the exact binomial one, which takes requests as independent, and one over blocks of time, which does not.',
      ...invalid.map((reason) => `A run was left out: ${reason}.`),
    ],
    tables: [
      {
        head: [
          'clause',
          'requests',
          'as good as',
          'misses',
          'share',
          'bounds',
          'binomial alone',
          'allowed',
        ],
        rows: verdict.clauses.map((finding) => [
          formatClause(finding.clause),
          String(finding.requestCount),
          `${Math.round(finding.effectiveCount)} independent`,
          String(finding.missCount),
          shareText(finding.requestCount > 0 ? finding.missCount / finding.requestCount : 0),
          `${shareText(finding.missShareLower)} to ${shareText(finding.missShareUpper)}`,
          `${shareText(finding.binomialLower)} to ${shareText(finding.binomialUpper)}`,
          shareText(finding.allowedMissShare),
        ]),
        numberColumns: [1, 2, 3, 4, 5, 6, 7],
      },
    ],
  };
}
