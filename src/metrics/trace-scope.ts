import type { TraceRecord } from './request-trace.ts';
import type { TraceSettings } from './trace-settings.ts';

/** Where ended traces go. Disposing it writes what is held. */
export interface TraceSink extends AsyncDisposable {
  /** Whether it gathers traces itself: each is handed over when it ends. */
  readonly gathers: boolean;
  /** Takes traces that belong together, for a file of their own where `isSeparate`. */
  write(records: readonly TraceRecord[], isSeparate: boolean): void;
}

/** The settings of the server or of a model with some of its own, and how far they have come. */
export interface TraceScope {
  /** What was set here, over what lies below. */
  readonly overrides: Partial<TraceSettings>;
  /** With the count as it is now: -1 without end, otherwise the traces still to be taken. */
  readonly settings: TraceSettings;
  /**
   * Counts a request, and tells whether it is one to trace; `end` must follow then. One that the
   * caller wants traced is traced whatever rate and count say.
   */
  isDue(isWanted: boolean): boolean;
  end(record: TraceRecord): void;
  /** Writes what is held, and from now on every trace when it ends: the settings were replaced. */
  close(): void;
}

/** What is held for the next writing to the file: it is written in pieces, not trace by trace. */
const maxCollectedCount = 256;
const maxCollectedLength = 4 * 1024 ** 2;

/** Puts settings to use. */
export function createTraceScope(
  overrides: Partial<TraceSettings>,
  settings: TraceSettings,
  sink: TraceSink | undefined,
): TraceScope {
  const { levels, rate, logFrequency } = settings;
  const wantedCount = sink?.gathers === true ? 1 : logFrequency || maxCollectedCount;
  let requestCount = 0;
  let remaining = settings.count;
  let unendedCount = 0;
  let collected: TraceRecord[] = [];
  /** Characters of tensor data in `collected`. */
  let collectedLength = 0;
  let isClosed = false;

  function write(isSeparate: boolean): void {
    if (collected.length > 0) sink?.write(collected, isSeparate);
    collected = [];
    collectedLength = 0;
  }

  return {
    overrides,
    get settings() {
      return { ...settings, count: remaining };
    },
    isDue(isWanted) {
      if (levels.length === 0) return false;
      if (!isWanted) {
        if (remaining === 0 || rate === 0) return false;
        requestCount += 1;
        if (requestCount % rate !== 0) return false;
        if (remaining > 0) remaining -= 1;
      }
      unendedCount += 1;
      return true;
    },
    end(record) {
      unendedCount -= 1;
      collected.push(record);
      for (const { data } of record.tensors) collectedLength += data.length;
      const isFull = collected.length >= wantedCount || collectedLength > maxCollectedLength;
      const isLast = remaining === 0 && unendedCount === 0;
      if (isFull || isLast || isClosed) write(isLast || logFrequency > 0);
    },
    close() {
      isClosed = true;
      write(logFrequency > 0);
    },
  };
}
