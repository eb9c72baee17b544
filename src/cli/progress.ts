import type { Clock } from '../core/clock.ts';
import type { OutputStream } from './context.ts';

export interface ProgressOptions {
  /** Where it is drawn; never the stream that carries the command's answer. */
  readonly stream: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** How amounts read, such as `12.3 MB`. */
  readonly formatAmount: (amount: number) => string;
}

/** Shows how far long work is. */
export interface Progress {
  /**
   * @param label what is being done; a new label starts a new line.
   * @param total `undefined` when it is not known.
   */
  update(label: string, done: number, total: number | undefined): void;
  /** Ends the line, at whatever point the work is. Call it before anything else is written. */
  finish(): void;
}

const redrawMs = 100;
const plainLineMs = 1_000;
const plainSilenceMs = 10_000;
const plainSteps = 10;
const barColumns = 24;
const colour = { on: '\u001b[36m', off: '\u001b[39m' } as const;
const clearLine = '\r\u001b[K';

/**
 * Makes a progress display: a bar that is redrawn in place on a terminal; elsewhere a plain line
 * at every tenth of the work, or every ten seconds. Work that is done in a moment shows nothing.
 * `NO_COLOR` and `TERM=dumb` count.
 */
export function createProgress(options: ProgressOptions): Progress {
  const isTerminal = options.stream.isTTY === true && options.env['TERM'] !== 'dumb';
  return isTerminal ? createBar(options) : createPlainLines(options);
}

/** Work under one label. */
interface Line {
  readonly label: string;
  text: string;
  /** When it was last shown, or else begun. */
  shownMs: number;
  isShown: boolean;
}

function createBar({ stream, env, clock, formatAmount }: ProgressOptions): Progress {
  const isColoured = !env['NO_COLOR'];
  let line: Line | undefined;

  function finish(): void {
    if (line?.isShown === true) stream.write(`${clearLine}${line.text}\n`);
    line = undefined;
  }

  return {
    update(label, done, total) {
      const nowMs = clock.nowMs();
      if (line?.label !== label) {
        finish();
        line = { label, text: '', shownMs: nowMs, isShown: false };
      }
      const amount = amountText(done, total, formatAmount);
      const bar = total === undefined ? '' : `${drawBar(done, total, isColoured)} `;
      const room = (stream.columns || 80) - 3 - amount.length - (bar === '' ? 0 : barColumns);
      line.text = `${label.slice(0, Math.max(0, room))} ${bar}${amount}`;
      if (nowMs - line.shownMs < redrawMs) return;
      line.shownMs = nowMs;
      line.isShown = true;
      stream.write(`${clearLine}${line.text}`);
    },
    finish,
  };
}

function createPlainLines({ stream, clock, formatAmount }: ProgressOptions): Progress {
  let line: (Line & { step: number }) | undefined;

  function finish(): void {
    if (line?.isShown === true && line.text !== '') stream.write(`${line.text}\n`);
    line = undefined;
  }

  return {
    update(label, done, total) {
      const nowMs = clock.nowMs();
      if (line?.label !== label) {
        finish();
        line = { label, text: '', shownMs: nowMs, isShown: false, step: 0 };
      }
      line.text = `${label} ${amountText(done, total, formatAmount)}`;
      const step = total === undefined ? 0 : Math.floor(fraction(done, total) * plainSteps);
      const silenceMs = nowMs - line.shownMs;
      const isDue = step > line.step ? silenceMs >= plainLineMs : silenceMs >= plainSilenceMs;
      if (!isDue) return;
      stream.write(`${line.text}\n`);
      line = { label, text: '', shownMs: nowMs, isShown: true, step };
    },
    finish,
  };
}

function amountText(
  done: number,
  total: number | undefined,
  formatAmount: (amount: number) => string,
): string {
  if (total === undefined) return formatAmount(done);
  const percent = Math.floor(fraction(done, total) * 100);
  return `${String(percent).padStart(3)}% ${formatAmount(done)} of ${formatAmount(total)}`;
}

function drawBar(done: number, total: number, isColoured: boolean): string {
  const filled = Math.round(fraction(done, total) * barColumns);
  const bar = '█'.repeat(filled) + '░'.repeat(barColumns - filled);
  return isColoured ? `${colour.on}${bar}${colour.off}` : bar;
}

function fraction(done: number, total: number): number {
  return total <= 0 ? 1 : Math.min(1, done / total);
}

/** Bytes as people read them, in powers of 1000: `999 B`, `1.2 kB`, `34.5 MB`, `6.7 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const exponent = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** exponent).toFixed(1)} ${['B', 'kB', 'MB', 'GB'][exponent] ?? 'GB'}`;
}
