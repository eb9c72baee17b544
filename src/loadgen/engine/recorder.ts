import type { RequestDetail, RequestProgress } from '../load-client.ts';
import { type Outcome, type Samples, outcomes } from '../samples.ts';
import { type StreamColumns, createStreamColumns } from './stream-columns.ts';

export interface RecorderOptions {
  /** Rows to make room for; more are taken at the cost of copying. */
  readonly capacity: number;
  /** Milliseconds since the run began. */
  readonly sinceStartMs: () => number;
  readonly onEnd: (outcome: Outcome) => void;
}

/** What became of the requests so far. */
export interface RecorderCounts {
  readonly begunCount: number;
  readonly endedCount: number;
  /** Ended with another outcome than `ok`. */
  readonly failedCount: number;
}

/** Keeps what is measured of each request in columns made before the run. */
export interface Recorder {
  /** Begins the next row. */
  begin(intendedMs: number): RequestProgress;
  readonly counts: RecorderCounts;
  /** Latencies, from the intended times, of what ended since this was last asked; a few thousand at most. */
  takeRecentLatencies(): Float64Array;
  /** Ends what has not ended as `unfinished`. */
  finish(): { readonly samples: Samples; readonly reasons: ReadonlyMap<string, number> };
}

const recentCapacity = 4096;

/** The most reasons that are told apart. */
const maxReasons = 100;

const unended = 255;

interface Columns {
  readonly intendedMs: Float64Array<ArrayBuffer>;
  readonly sentMs: Float64Array<ArrayBuffer>;
  readonly firstByteMs: Float64Array<ArrayBuffer>;
  readonly endMs: Float64Array<ArrayBuffer>;
  readonly outcome: Uint8Array<ArrayBuffer>;
  readonly queueMs: Float32Array<ArrayBuffer>;
  readonly computeMs: Float32Array<ArrayBuffer>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  return new ColumnRecorder(options);
}

class ColumnRecorder implements Recorder {
  readonly sinceStartMs: () => number;
  readonly #onEnd: (outcome: Outcome) => void;
  readonly #reasons = new Map<string, number>();
  readonly #recentMs = new Float64Array(recentCapacity);
  #recentCount = 0;
  #stream: StreamColumns | undefined;
  #columns: Columns;
  #begunCount = 0;
  #endedCount = 0;
  #failedCount = 0;

  constructor({ capacity, sinceStartMs, onEnd }: RecorderOptions) {
    this.sinceStartMs = sinceStartMs;
    this.#onEnd = onEnd;
    this.#columns = makeColumns(Math.max(1, capacity));
  }

  get counts(): RecorderCounts {
    return {
      begunCount: this.#begunCount,
      endedCount: this.#endedCount,
      failedCount: this.#failedCount,
    };
  }

  begin(intendedMs: number): RequestProgress {
    const row = this.#begunCount;
    if (row === this.#columns.intendedMs.length) this.#columns = resize(this.#columns, row * 2);
    const columns = this.#columns;
    this.#begunCount += 1;
    columns.intendedMs[row] = intendedMs;
    columns.sentMs[row] = Number.NaN;
    columns.firstByteMs[row] = Number.NaN;
    columns.endMs[row] = Number.NaN;
    columns.outcome[row] = unended;
    columns.queueMs[row] = Number.NaN;
    columns.computeMs[row] = Number.NaN;
    return new RecordedRequest(this, row);
  }

  sent(row: number): void {
    this.#columns.sentMs[row] = this.sinceStartMs();
  }

  firstByte(row: number): void {
    this.#columns.firstByteMs[row] = this.sinceStartMs();
  }

  chunk(row: number, tokenCount: number): void {
    this.#stream ??= createStreamColumns();
    this.#stream.add(row, this.sinceStartMs(), tokenCount);
  }

  end(row: number, outcome: Outcome, detail: RequestDetail | undefined): void {
    const columns = this.#columns;
    if (columns.outcome[row] !== unended) return;
    const endMs = this.sinceStartMs();
    columns.endMs[row] = endMs;
    columns.outcome[row] = outcomes.indexOf(outcome);
    if (outcome === 'dropped') columns.sentMs[row] = Number.NaN;
    this.#endedCount += 1;
    if (outcome !== 'ok') {
      this.#failedCount += 1;
      this.#countReason(detail?.reason ?? outcome);
    }
    if (detail !== undefined) this.#addDetail(row, detail);
    this.#recentMs[this.#recentCount % recentCapacity] = endMs - (columns.intendedMs[row] ?? 0);
    this.#recentCount += 1;
    this.#onEnd(outcome);
  }

  takeRecentLatencies(): Float64Array {
    const recent = this.#recentMs.slice(0, Math.min(this.#recentCount, recentCapacity));
    this.#recentCount = 0;
    return recent;
  }

  finish(): { readonly samples: Samples; readonly reasons: ReadonlyMap<string, number> } {
    const count = this.#begunCount;
    for (let row = 0; row < count; row += 1) this.end(row, 'unfinished', undefined);
    const columns = resize(this.#columns, count);
    const stream = this.#stream?.finish(count);
    return {
      samples: { count, ...columns, ...(stream === undefined ? {} : { stream }) },
      reasons: this.#reasons,
    };
  }

  #addDetail(row: number, detail: RequestDetail): void {
    const { queueMs, computeMs, promptTokens, outputTokens } = detail;
    if (queueMs !== undefined) this.#columns.queueMs[row] = queueMs;
    if (computeMs !== undefined) this.#columns.computeMs[row] = computeMs;
    if (promptTokens === undefined && outputTokens === undefined) return;
    this.#stream ??= createStreamColumns();
    this.#stream.count(row, promptTokens ?? 0, outputTokens ?? 0);
  }

  #countReason(reason: string): void {
    const known = this.#reasons.get(reason);
    if (known !== undefined) this.#reasons.set(reason, known + 1);
    else if (this.#reasons.size < maxReasons) this.#reasons.set(reason, 1);
    else this.#reasons.set('other reasons', (this.#reasons.get('other reasons') ?? 0) + 1);
  }
}

class RecordedRequest implements RequestProgress {
  readonly #recorder: ColumnRecorder;
  readonly #row: number;

  constructor(recorder: ColumnRecorder, row: number) {
    this.#recorder = recorder;
    this.#row = row;
  }

  sent(): void {
    this.#recorder.sent(this.#row);
  }

  firstByte(): void {
    this.#recorder.firstByte(this.#row);
  }

  chunk(tokenCount: number): void {
    this.#recorder.chunk(this.#row, tokenCount);
  }

  end(outcome: Outcome, detail?: RequestDetail): void {
    this.#recorder.end(this.#row, outcome, detail);
  }
}

function makeColumns(capacity: number): Columns {
  return {
    intendedMs: new Float64Array(capacity),
    sentMs: new Float64Array(capacity),
    firstByteMs: new Float64Array(capacity),
    endMs: new Float64Array(capacity),
    outcome: new Uint8Array(capacity),
    queueMs: new Float32Array(capacity),
    computeMs: new Float32Array(capacity),
  };
}

/** The columns with room for `capacity` rows; rows beyond it are left out. */
function resize(columns: Columns, capacity: number): Columns {
  const resized = makeColumns(capacity);
  for (const name of Object.keys(columns) as (keyof Columns)[]) {
    resized[name].set(columns[name].subarray(0, capacity));
  }
  return resized;
}
