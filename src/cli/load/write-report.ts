import { resolve } from 'node:path';
import { type Slo, formatSlo } from '../../core/slo.ts';
import { type LoadReport, loadReport } from '../../loadgen/report/load-report.ts';
import { reportHtml } from '../../loadgen/report/report-html.ts';
import type { CliContext } from '../context.ts';
import { formatCommand } from '../evidence/format-command.ts';
import { writePieces } from '../evidence/write-pieces.ts';

/** What a report is of. */
export interface ReportOptions extends Pick<
  LoadReport,
  'runs' | 'verdict' | 'invalid' | 'sections' | 'title'
> {
  readonly context: Pick<CliContext, 'cwd' | 'args'>;
  readonly file: string;
  readonly url: string;
  readonly evidenceId: string | undefined;
  readonly slo: Slo | undefined;
}

/**
 * Writes a report as one page of HTML that needs nothing else.
 * @throws HeadwayError when the file cannot be written.
 */
export async function writeReport(options: ReportOptions): Promise<void> {
  const { context, file, url, evidenceId, slo, ...report } = options;
  const html = reportHtml(
    loadReport({
      ...report,
      facts: [
        ['server', url],
        ...(slo === undefined ? [] : [['SLO', formatSlo(slo)] as const]),
        ['command', formatCommand(context.args)],
        ...(evidenceId === undefined ? [] : [['evidence', evidenceId] as const]),
      ],
      slo,
    }),
  );
  await writePieces(resolve(context.cwd, file), [html]);
}
