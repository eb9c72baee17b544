import path from 'node:path';
import process from 'node:process';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** A node:test reporter: failures, skips, what tests print, coverage and the closing lines. */
export default async function* quietReporter(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  for await (const event of events) yield describeEvent(event);
}

function describeEvent(event: TestEvent): string {
  switch (event.type) {
    case 'test:pass':
      return describeSkip(event.data);
    case 'test:fail':
      return describeFailure(event.data);
    case 'test:stdout':
    case 'test:stderr':
      return event.data.message;
    case 'test:coverage':
      return describeCoverage(event.data);
    case 'test:diagnostic':
      return event.data.nesting === 0 || event.data.level !== 'info'
        ? `ℹ ${event.data.message}\n`
        : '';
    default:
      return '';
  }
}

function describeSkip({ name, skip, todo }: EventData.TestPass): string {
  if (skip !== undefined) return `﹣ skipped: ${name} (${String(skip)})\n`;
  return todo === undefined ? '' : `﹣ to do: ${name} (${String(todo)})\n`;
}

function describeFailure({ name, file, line, details }: EventData.TestFail): string {
  if (details.type === 'suite') return '';
  const place = file === undefined ? '' : ` (${path.relative(process.cwd(), file)}:${line ?? 0})`;
  return `✖ ${name}${place}\n${inspect(details.error.cause ?? details.error, { depth: 8 })}\n\n`;
}

function describeCoverage({ summary }: EventData.TestCoverage): string {
  const floor = summary.thresholds.line;
  const poor = summary.files
    .filter((file) => file.coveredLinePercent < floor)
    .map(
      (file) =>
        `  ${path.relative(process.cwd(), file.path)}: ${file.coveredLinePercent.toFixed(0)}%\n`,
    );
  const { coveredLinePercent, coveredBranchPercent } = summary.totals;
  return (
    `lines ${coveredLinePercent.toFixed(1)}%, branches ${coveredBranchPercent.toFixed(1)}% covered` +
    `${poor.length === 0 ? '' : `; less than ${floor}% in`}\n${poor.join('')}`
  );
}
