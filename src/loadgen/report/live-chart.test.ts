import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import fc from 'fast-check';
import type { Chart } from './chart.ts';
import { fullView } from './draw-chart.ts';
import { nearestPlace, readout, viewAfterDrag, viewAfterKey } from './live-chart.ts';
import { pageScript } from './page-script.ts';
import type { Page, PageElement, PageEvent } from './page-types.ts';

const chart: Chart = {
  id: 'chart0',
  title: 'A chart',
  note: '',
  x: { label: 'seconds', scale: 'linear' },
  y: { label: 'ms', scale: 'linear' },
  series: [
    { name: 'p50', kind: 'line', x: [0, 5, 10], y: [1, 2, 3] },
    { name: 'band', kind: 'band', x: [0, 10], y: [8, 9], low: [4, 5] },
  ],
};
const whole = fullView(chart);

test('nearestPlace() finds the nearest value', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { minLength: 1 }), fc.nat(120), (unsorted, value) => {
      const x = unsorted.toSorted((a, b) => a - b);
      const distance = Math.abs((x[nearestPlace(x, value)] ?? NaN) - value);
      assert.equal(distance, Math.min(...x.map((each) => Math.abs(each - value))));
    }),
  );
});

test('readout() tells what is under the cursor of what is shown', () => {
  assert.equal(readout(chart, whole), '');
  assert.equal(readout(chart, { ...whole, cursor: 4 }), 'seconds: 4; p50: 2; band: 4 to 8');
  assert.equal(readout(chart, { ...whole, hidden: [1], cursor: 9 }), 'seconds: 9; p50: 3');
});

test('viewAfterKey() moves the cursor, zooms and shows all again, within the chart', () => {
  assert.equal(viewAfterKey(chart, whole, 'ArrowRight')?.cursor, 5.1);
  assert.equal(viewAfterKey(chart, { ...whole, cursor: 0 }, 'ArrowLeft')?.cursor, 0);
  const zoomed = viewAfterKey(chart, whole, '+');
  assert.deepEqual(zoomed, { from: 2.5, to: 7.5, hidden: [], cursor: 5 });
  assert.deepEqual(viewAfterKey(chart, zoomed ?? whole, '-'), { ...whole, cursor: 5 });
  assert.deepEqual(viewAfterKey(chart, { ...whole, from: 4, hidden: [1] }, '0'), {
    ...whole,
    hidden: [1],
  });
  assert.equal(viewAfterKey(chart, whole, 'Tab'), undefined);
});

test('viewAfterDrag() takes what was dragged over, either way, and leaves a click alone', () => {
  assert.deepEqual(viewAfterDrag(chart, whole, [0.5, 0.2]), { ...whole, from: 2, to: 5 });
  assert.equal(viewAfterDrag(chart, whole, [0.5, 0.5]), whole);
});

test('viewAfterKey() and viewAfterDrag() stop zooming before numbers run together', () => {
  let view = whole;
  for (let round = 0; round < 100; round += 1) {
    view = viewAfterKey(chart, view, '+') ?? view;
    view = viewAfterDrag(chart, view, [0.4, 0.6]);
  }
  assert.ok(view.to - view.from >= 1e-3 && view.to - view.from < 0.01);
});

type Listen = (event: PageEvent) => void;

/** An element that records what becomes of it. */
function element(data: Record<string, string>, children: Record<string, PageElement[]> = {}) {
  const listeners = new Map<string, Listen>();
  const attributes = new Map<string, string>();
  const classes = new Set<string>();
  const made: PageElement = {
    dataset: data,
    textContent: null,
    innerHTML: '',
    querySelector: (selector) => children[selector]?.[0] ?? null,
    querySelectorAll: (selector) => children[selector] ?? [],
    setAttribute: (name, value) => void attributes.set(name, value),
    addEventListener: (name, listen) => void listeners.set(name, listen),
    getBoundingClientRect: () => ({ left: 0, width: 720 }),
    setPointerCapture: () => {},
    classList: { add: (name) => void classes.add(name) },
  };
  const fire = (name: string, event: Partial<PageEvent> = {}): void => {
    const listen = listeners.get(name) ?? assert.fail(`nothing listens to ${name}`);
    listen({ preventDefault: () => {}, key: '', clientX: 0, pointerId: 1, ...event } as PageEvent);
  };
  return { made, fire, attributes, classes };
}

function livePage() {
  const plot = element({});
  const text = element({});
  const hide = element({ series: '1' });
  const zoomIn = element({ key: '+' });
  const figure = element(
    { chart: 'chart0' },
    { '.plot': [plot.made], '.readout': [text.made], button: [hide.made, zoomIn.made] },
  );
  const data = element({});
  data.made.textContent = JSON.stringify([chart]);
  const root = element({});
  const document: Page = {
    documentElement: root.made,
    querySelector: (selector) => (selector === '#charts' ? data.made : null),
    querySelectorAll: (selector) => (selector === 'figure' ? [figure.made] : []),
  };
  vm.runInNewContext(pageScript(), { document });
  return { plot, text, hide, zoomIn, root };
}

test("the page's script runs by itself, and answers to pointer, keys and buttons", () => {
  const { plot, text, hide, zoomIn, root } = livePage();
  assert.ok(root.classes.has('live'));
  plot.fire('pointermove', { clientX: 321.6 });
  assert.equal(text.made.textContent, 'seconds: 4; p50: 2; band: 4 to 8');
  assert.match(plot.made.innerHTML, /class="cursor"/);
  hide.fire('click');
  assert.equal(hide.attributes.get('aria-pressed'), 'false');
  assert.doesNotMatch(plot.made.innerHTML, /class="band/);
  hide.fire('click');
  assert.equal(hide.attributes.get('aria-pressed'), 'true');
  zoomIn.fire('click');
  assert.match(plot.made.innerHTML, /middle">6</);
  assert.doesNotMatch(plot.made.innerHTML, /middle">10</);
  plot.fire('keydown', { key: '0' });
  assert.match(plot.made.innerHTML, /middle">10</);
  plot.fire('pointerdown', { clientX: 64 });
  plot.fire('pointerup', { clientX: 386 });
  assert.doesNotMatch(plot.made.innerHTML, /middle">6</);
});

test("the page's script leaves keys alone that mean nothing to a chart", () => {
  const { plot } = livePage();
  let isTaken = false;
  const preventDefault = (): void => {
    isTaken = true;
  };
  plot.fire('keydown', { key: 'Tab', preventDefault });
  plot.fire('keydown', { key: '+', ctrlKey: true, preventDefault });
  assert.equal(isTaken, false);
  plot.fire('keydown', { key: '+', preventDefault });
  assert.equal(isTaken, true);
});
