/** Nanoseconds since the Unix epoch in digits: a number would round them to half a microsecond. */
export function toEpochNs(epochMs: number): string {
  return `${Math.round(epochMs * 1000)}000`;
}
