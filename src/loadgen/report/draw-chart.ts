/*
 * These functions draw a chart both here, when the report is written, and in the reader's browser,
 * when it is zoomed: their own text becomes part of the report's script. So they name nothing but
 * each other and what every browser has.
 */
import type { Axis, Chart, ChartView, Series } from './chart.ts';

/** The plot within the picture, in the picture's units. */
export function plotArea(): { left: number; right: number; top: number; bottom: number } {
  return { left: 64, right: 708, top: 12, bottom: 232 };
}

/** The range of `x` that a chart has values for. */
export function fullView(chart: Chart): ChartView {
  let from = Infinity;
  let to = -Infinity;
  for (const { x } of chart.series) {
    if (x.length === 0) continue;
    from = Math.min(from, x[0] ?? from);
    to = Math.max(to, x[x.length - 1] ?? to);
  }
  if (from > to) return { from: 1, to: 2, hidden: [] };
  if (from === to) return { from, to: from + Math.max(Math.abs(from), 1) / 100, hidden: [] };
  return { from, to, hidden: [] };
}

/** Where a value lies on an axis, from 0 at its start to 1 at its end. */
export function axisPlace(axis: Axis, value: number, range: readonly [number, number]): number {
  const [from, to] = range;
  if (axis.scale === 'linear') return (value - from) / (to - from);
  return Math.log(value / from) / Math.log(to / from);
}

/** The value at a place of an axis: the reverse of `axisPlace`. */
export function axisValue(axis: Axis, place: number, range: readonly [number, number]): number {
  const [from, to] = range;
  if (axis.scale === 'linear') return from + place * (to - from);
  return from * Math.pow(to / from, place);
}

/** The range of `y` that the shown series have within a view. */
export function valueRange(chart: Chart, view: ChartView): [number, number] {
  const isLog = chart.y.scale !== 'linear';
  let low = isLog ? Infinity : 0;
  let high = -Infinity;
  const take = (value: number | undefined): void => {
    // What is nothing, or nearly so, has no place on a logarithmic axis.
    if (value === undefined || (isLog && value < 1e-9)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const [place, series] of chart.series.entries()) {
    if (view.hidden.includes(place)) continue;
    for (const [at, x] of series.x.entries()) {
      if (x < view.from || x > view.to) continue;
      take(series.y[at]);
      take(series.low?.[at]);
    }
  }
  for (const mark of chart.marks ?? []) take(mark.y);
  if (low > high) return isLog ? [1, 10] : [0, 1];
  // What is nearly nothing must not press the rest together.
  if (isLog) return [Math.max(low, high / 1e8) / 1.1, Math.max(high * 1.1, low * 2)];
  const room = (high - low) * 0.05 || 1;
  return [low < 0 ? low - room : 0, high + room];
}

/** Round values to write along an axis. */
export function axisTicks(axis: Axis, range: readonly [number, number]): number[] {
  const [from, to] = range;
  const ticks: number[] = [];
  if (axis.scale === 'linear' || to / from < 8) {
    const raw = (to - from) / 6;
    const power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = power * ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10);
    for (let place = Math.ceil(from / step); place * step <= to; place += 1) {
      ticks.push(place * step);
    }
    return ticks;
  }
  const decades = Math.log10(to / from);
  const parts = decades > 4 ? [1] : decades > 2 ? [1, 5] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power += 1) {
    for (const part of parts) {
      const tick = part * Math.pow(10, power);
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return ticks;
}

/** A value as it is written on an axis or under the cursor. */
export function axisText(axis: Axis, value: number): string {
  if (axis.scale !== 'spectrum') return String(Number(value.toPrecision(6)));
  const nines = Math.max(0, Math.ceil(Math.log10(value)) - 1);
  return `${Number((100 - 100 / value).toFixed(nines))}%`;
}

export function escapeText(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** The marks of one series, given where a point lies in the picture. */
export function drawSeries(
  series: Series,
  place: number,
  at: (x: number, y: number) => string,
): string {
  const { x, y, low } = series;
  const colour = `c${place % 8}`;
  if (x.length === 0) return '';
  if (series.kind === 'points') {
    const dots = x.map((value, i) => `M${at(value, y[i] ?? 0)}h0`).join('');
    return `<path class="points ${colour}" d="${dots}"/>`;
  }
  if (series.kind === 'band') {
    const there = x.map((value, i) => at(value, y[i] ?? 0));
    const back = x.map((value, i) => at(value, low?.[i] ?? 0)).reverse();
    return `<path class="band ${colour}" d="M${there.concat(back).join('L')}Z"/>`;
  }
  const points: string[] = [];
  for (const [i, value] of x.entries()) {
    if (series.kind === 'steps' && i > 0) points.push(at(value, y[i - 1] ?? 0));
    points.push(at(value, y[i] ?? 0));
  }
  return `<path class="line ${colour}" d="M${points.join('L')}"/>`;
}

/** The grid, its labels and the names of the axes. */
export function drawAxes(chart: Chart, view: ChartView, values: [number, number]): string {
  const { left, right, top, bottom } = plotArea();
  const range: [number, number] = [view.from, view.to];
  const parts: string[] = [];
  for (const tick of axisTicks(chart.x, range)) {
    const x = (left + axisPlace(chart.x, tick, range) * (right - left)).toFixed(1);
    parts.push(
      `<path class="grid" d="M${x},${top}V${bottom}"/>`,
      `<text x="${x}" y="${bottom + 16}" text-anchor="middle">${axisText(chart.x, tick)}</text>`,
    );
  }
  for (const tick of axisTicks(chart.y, values)) {
    const y = bottom - axisPlace(chart.y, tick, values) * (bottom - top);
    parts.push(
      `<path class="grid" d="M${left},${y.toFixed(1)}H${right}"/>`,
      `<text x="${left - 6}" y="${(y + 4).toFixed(1)}" text-anchor="end">${axisText(chart.y, tick)}</text>`,
    );
  }
  const middle = (top + bottom) / 2;
  parts.push(
    `<text class="name" x="${(left + right) / 2}" y="${bottom + 34}" text-anchor="middle">${escapeText(chart.x.label)}</text>`,
    `<text class="name" x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escapeText(chart.y.label)}</text>`,
  );
  return parts.join('');
}

/** Draws a chart as an SVG picture of 720 by 272 units. */
export function drawChart(chart: Chart, view: ChartView): string {
  const { left, right, top, bottom } = plotArea();
  const range: [number, number] = [view.from, view.to];
  const values = valueRange(chart, view);
  const clamp = (place: number): number => Math.max(-1, Math.min(2, place));
  const xOf = (x: number): string =>
    (left + clamp(axisPlace(chart.x, x, range)) * (right - left)).toFixed(1);
  const yOf = (y: number): string => {
    const place = chart.y.scale !== 'linear' && y < 1e-9 ? 0 : axisPlace(chart.y, y, values);
    return (bottom - clamp(place) * (bottom - top)).toFixed(1);
  };
  const drawn = chart.series.map((series, place) =>
    view.hidden.includes(place) ? '' : drawSeries(series, place, (x, y) => `${xOf(x)},${yOf(y)}`),
  );
  const marks = (chart.marks ?? []).map(
    ({ name, y }) =>
      `<path class="mark" d="M${left},${yOf(y)}H${right}"/><text class="name" x="${right - 4}" y="${Number(yOf(y)) - 4}" text-anchor="end">${escapeText(name)}</text>`,
  );
  const cursor =
    view.cursor === undefined
      ? ''
      : `<path class="cursor" d="M${xOf(view.cursor)},${top}V${bottom}"/>`;
  const clip = `clip-${chart.id}`;
  return (
    `<svg viewBox="0 0 720 272" role="img" aria-label="${escapeText(chart.title)}">` +
    `<clipPath id="${clip}"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath>` +
    drawAxes(chart, view, values) +
    `<g clip-path="url(#${clip})">${drawn.join('')}</g>${marks.join('')}${cursor}</svg>`
  );
}
