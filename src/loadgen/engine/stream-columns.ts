import type { StreamSamples } from '../samples.ts';

/** Chunks of streamed answers, in the order they come. */
export interface StreamColumns {
  add(row: number, atMs: number, tokenCount: number): void;
  /** Tokens of a whole request, as the server counted them. */
  count(row: number, promptTokens: number, outputTokens: number): void;
  /** The chunks by request. */
  finish(requestCount: number): StreamSamples;
}

interface Columns {
  readonly row: Uint32Array<ArrayBuffer>;
  readonly atMs: Float64Array<ArrayBuffer>;
  readonly tokens: Uint16Array<ArrayBuffer>;
}

const firstCapacity = 65_536;
const maxTokens = 65_535;

export function createStreamColumns(): StreamColumns {
  const counted: { row: number; promptTokens: number; outputTokens: number }[] = [];
  let columns = makeColumns(firstCapacity);
  let count = 0;
  return {
    add(row, atMs, tokenCount) {
      if (count === columns.row.length) columns = grow(columns);
      columns.row[count] = row;
      columns.atMs[count] = atMs;
      columns.tokens[count] = Math.min(tokenCount, maxTokens);
      count += 1;
    },
    count: (row, promptTokens, outputTokens) =>
      void counted.push({ row, promptTokens, outputTokens }),
    finish(requestCount) {
      const promptTokens = new Uint32Array(requestCount);
      const outputTokens = new Uint32Array(requestCount);
      for (const it of counted) {
        promptTokens[it.row] = it.promptTokens;
        outputTokens[it.row] = it.outputTokens;
      }
      return { ...groupByRow(columns, count, requestCount), promptTokens, outputTokens };
    },
  };
}

/** Puts the chunks of each request side by side, keeping their order: a counting sort. */
function groupByRow(
  { row: rows, atMs, tokens }: Columns,
  count: number,
  requestCount: number,
): Pick<StreamSamples, 'starts' | 'chunkMs' | 'chunkTokens'> {
  const starts = new Uint32Array(requestCount + 1);
  for (const row of rows.subarray(0, count)) starts[row + 1] = (starts[row + 1] ?? 0) + 1;
  for (let row = 0; row < requestCount; row += 1) {
    starts[row + 1] = (starts[row + 1] ?? 0) + (starts[row] ?? 0);
  }
  const next = starts.slice();
  const chunkMs = new Float64Array(count);
  const chunkTokens = new Uint16Array(count);
  for (let chunk = 0; chunk < count; chunk += 1) {
    const row = rows[chunk] ?? 0;
    const place = next[row] ?? 0;
    next[row] = place + 1;
    chunkMs[place] = atMs[chunk] ?? 0;
    chunkTokens[place] = tokens[chunk] ?? 0;
  }
  return { starts, chunkMs, chunkTokens };
}

function makeColumns(capacity: number): Columns {
  return {
    row: new Uint32Array(capacity),
    atMs: new Float64Array(capacity),
    tokens: new Uint16Array(capacity),
  };
}

function grow(columns: Columns): Columns {
  const grown = makeColumns(columns.row.length * 2);
  grown.row.set(columns.row);
  grown.atMs.set(columns.atMs);
  grown.tokens.set(columns.tokens);
  return grown;
}
