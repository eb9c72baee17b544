import { type CliContext, printJson, printLine } from '../context.ts';
import { type Style, createStyle } from '../style.ts';
import type { CommonOptions } from './common-options.ts';
import type { SessionEnding } from './evidence-session.ts';
import type { LoadSession } from './load-session.ts';

/** A result, for programs and for people. */
export interface Told extends SessionEnding {
  readonly options: CommonOptions;
  readonly result: Readonly<Record<string, unknown>>;
  readonly lines: (style: Style) => readonly string[];
}

/**
 * Tells a result before anything else can fail, then ends its record.
 * @throws HeadwayError when not all could be kept, such as on a full disk.
 */
export function tell(
  context: CliContext,
  session: LoadSession,
  { options, result, lines, ...ending }: Told,
): void {
  const { evidenceId: evidence } = session;
  if (options.json === true) printJson(context, { ...result, evidence });
  else {
    const style = createStyle(context.stdout, context.env);
    for (const line of lines(style)) printLine(context, line);
  }
  session.finish(result, ending);
  if (options.json !== true && evidence !== undefined) printLine(context, `\nevidence ${evidence}`);
}
