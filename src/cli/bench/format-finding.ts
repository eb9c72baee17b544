import type { Finding } from './run-mode.ts';

/** What a bench found beside its measurements, for people: a headline, and lines that say why. */
export function formatFinding(finding: Finding): string[] {
  switch (finding.kind) {
    case 'none':
      return [];
    case 'highest':
      return [highestText(finding)];
    case 'unknown': {
      const at = loadText(finding.of, finding.invalidLoad);
      return [
        `The search ended at ${at}, and the highest load is not known: the bound held there, but the generator could not keep up.`,
      ];
    }
    case 'knee':
      return [kneeText(finding)];
    case 'scenario': {
      const { scenario, metric, unit, value, isValid, reasons } = finding.result;
      const shown = value === undefined ? 'unknown' : `${Number(value.toPrecision(4))} ${unit}`;
      return [
        `MLPerf ${scenario}: ${metric} ${shown}, ${isValid ? 'VALID' : 'INVALID'}`,
        ...reasons.map((reason) => `  ${reason}`),
      ];
    }
    default:
      return finding satisfies never;
  }
}

function highestText({
  of,
  within,
  beyond,
  invalidLoads,
}: Finding & { readonly kind: 'highest' }): string {
  const at = (load: number): string => loadText(of, load);
  const lateAt = invalidLoads.map(at).join(' and ');
  if (within === undefined) {
    return lateAt === ''
      ? `No load holds the bound, not even ${at(beyond ?? 0)}.`
      : `No load is known to hold the bound: the generator could not keep up at ${lateAt}.`;
  }
  if (lateAt !== '') {
    return `The bound holds at ${at(within)}; the highest load is not known: the generator could not keep up at ${lateAt}.`;
  }
  const end = beyond === undefined ? '' : `; ${at(beyond)} does not`;
  return `The highest load that holds the bound is ${at(within)}${end}.`;
}

function loadText(of: 'rate' | 'concurrency', load: number): string {
  return of === 'rate' ? `${load}/s` : `${load} in flight`;
}

function kneeText({ concurrency, invalidLoads }: Finding & { readonly kind: 'knee' }): string {
  return invalidLoads.length === 0
    ? `The knee is at ${concurrency} in flight: more costs more latency than it gains throughput.`
    : `The knee is not known: it seems to be at ${concurrency} in flight, and the generator could not keep up at ${invalidLoads.join(' and ')} in flight.`;
}
