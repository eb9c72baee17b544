/** Milliseconds as people read them: three digits or more, `–` where there is no value. */
export function millisecondsText(valueMs: number | undefined): string {
  if (valueMs === undefined || !Number.isFinite(valueMs)) return '–';
  if (Math.abs(valueMs) >= 100) return valueMs.toFixed(0);
  if (Math.abs(valueMs) >= 10) return valueMs.toFixed(1);
  return valueMs.toFixed(2);
}

/** A rate as people read it, without its unit. */
export function rateText(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : Number(perSecond.toPrecision(3)).toString();
}

/** A share as percent, fine enough that what is not zero does not look so. */
export function shareText(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}
