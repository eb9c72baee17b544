/*
 * What the report's script does in the reader's browser. As those of `draw-chart.ts`, these
 * functions name nothing but each other, those, and what every browser has.
 */
import type { Chart, ChartView } from './chart.ts';
import { axisPlace, axisText, axisValue, drawChart, fullView, plotArea } from './draw-chart.ts';
import type { Page, PageElement, PageEvent } from './page-types.ts';

/** The place of the value of `x` that is nearest to one, or -1 where there is none. */
export function nearestPlace(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  const before = x[low - 1];
  return before !== undefined && value - before < (x[low] ?? Infinity) - value ? low - 1 : low;
}

/** What is under the cursor, in words. */
export function readout(chart: Chart, view: ChartView): string {
  const { cursor } = view;
  if (cursor === undefined) return '';
  const values = chart.series.flatMap((series, place) => {
    const at = nearestPlace(series.x, cursor);
    const y = series.y[at];
    if (view.hidden.includes(place) || y === undefined) return [];
    const low = series.low?.[at];
    const text = axisText(chart.y, y);
    return [`${series.name}: ${low === undefined ? text : `${axisText(chart.y, low)} to ${text}`}`];
  });
  return [`${chart.x.label}: ${axisText(chart.x, cursor)}`, ...values].join('; ');
}

/** Whether a view shows so little of a chart that its numbers would no longer be told apart. */
export function isTooNarrow(chart: Chart, from: number, to: number): boolean {
  const whole = fullView(chart);
  const range: [number, number] = [whole.from, whole.to];
  return axisPlace(chart.x, to, range) - axisPlace(chart.x, from, range) < 1e-4;
}

/** The view after a key, or `undefined` when the key means nothing to a chart. */
export function viewAfterKey(chart: Chart, view: ChartView, key: string): ChartView | undefined {
  const range: [number, number] = [view.from, view.to];
  const cursor = view.cursor ?? axisValue(chart.x, 0.5, range);
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const place = axisPlace(chart.x, cursor, range) + (key === 'ArrowLeft' ? -0.01 : 0.01);
    return { ...view, cursor: axisValue(chart.x, Math.max(0, Math.min(1, place)), range) };
  }
  if (key === '+' || key === '=' || key === '-') {
    const middle = axisPlace(chart.x, cursor, range);
    const half = key === '-' ? 1 : 0.25;
    const whole = fullView(chart);
    const from = Math.max(whole.from, axisValue(chart.x, middle - half, range));
    const to = Math.min(whole.to, axisValue(chart.x, middle + half, range));
    return isTooNarrow(chart, from, to) ? view : { ...view, from, to, cursor };
  }
  if (key === '0' || key === 'Escape') return { ...fullView(chart), hidden: view.hidden };
  return undefined;
}

/** The view of what was dragged over; a mere click changes nothing. */
export function viewAfterDrag(
  chart: Chart,
  view: ChartView,
  places: readonly [number, number],
): ChartView {
  const [first, last] = [Math.min(...places), Math.max(...places)];
  if (last - first < 0.01) return view;
  const range: [number, number] = [view.from, view.to];
  const from = axisValue(chart.x, first, range);
  const to = axisValue(chart.x, last, range);
  return isTooNarrow(chart, from, to) ? view : { ...view, from, to };
}

/** Makes one chart answer to its reader. */
export function bringToLife(figure: PageElement, chart: Chart): void {
  const plot = figure.querySelector('.plot');
  const text = figure.querySelector('.readout');
  if (plot === null || text === null) return;
  let view = fullView(chart);
  let dragFrom: number | undefined;
  const show = (next: ChartView): void => {
    view = next;
    plot.innerHTML = drawChart(chart, view);
    text.textContent = readout(chart, view);
  };
  const placeOf = (event: PageEvent): number => {
    const { left, right } = plotArea();
    const box = plot.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 720;
    return Math.max(0, Math.min(1, (x - left) / (right - left)));
  };
  const onKey = (key: string): boolean => {
    const next = viewAfterKey(chart, view, key);
    if (next !== undefined) show(next);
    return next !== undefined;
  };
  plot.addEventListener('pointermove', (event) => {
    show({ ...view, cursor: axisValue(chart.x, placeOf(event), [view.from, view.to]) });
  });
  plot.addEventListener('pointerdown', (event) => {
    dragFrom = placeOf(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener('pointerup', (event) => {
    if (dragFrom !== undefined) show(viewAfterDrag(chart, view, [dragFrom, placeOf(event)]));
    dragFrom = undefined;
  });
  plot.addEventListener('pointercancel', () => {
    dragFrom = undefined;
  });
  plot.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (onKey(event.key)) event.preventDefault();
  });
  for (const button of figure.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      const { key, series } = button.dataset;
      if (key !== undefined) onKey(key);
      if (series === undefined) return;
      const place = Number(series);
      const isHidden = view.hidden.includes(place);
      button.setAttribute('aria-pressed', String(isHidden));
      const others = view.hidden.filter((each) => each !== place);
      show({ ...view, hidden: isHidden ? others : [...others, place] });
    });
  }
}

/** Brings every chart of the page to life. */
export function bringPageToLife(page: Page): void {
  const data = page.querySelector('#charts')?.textContent ?? '[]';
  const charts = JSON.parse(data) as Chart[];
  for (const figure of page.querySelectorAll('figure')) {
    const chart = charts.find(({ id }) => id === figure.dataset['chart']);
    if (chart !== undefined) bringToLife(figure, chart);
  }
  page.documentElement.classList.add('live');
}
