import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labelName, renderFamilies } from './exposition.ts';
import { createHistogram } from './histogram.ts';

test('renderFamilies() writes help and type once, and a line for each sample', () => {
  const text = renderFamilies([
    {
      name: 'requests_total',
      help: 'All of them\nwith a \\ in it',
      type: 'counter',
      samples: [
        { kind: 'value', labels: new Map([['model', 'a']]), value: 3 },
        { kind: 'value', labels: new Map(), value: Infinity },
      ],
    },
    { name: 'unused', help: 'Nothing', type: 'gauge', samples: [] },
  ]);
  assert.equal(
    text,
    [
      '# HELP requests_total All of them\\nwith a \\\\ in it',
      '# TYPE requests_total counter',
      'requests_total{model="a"} 3',
      'requests_total +Inf',
      '',
    ].join('\n'),
  );
});

test('renderFamilies() writes the buckets of a histogram cumulatively, the last without bound', () => {
  const histogram = createHistogram([0.5, 1]);
  for (const value of [0.1, 0.75, 9]) histogram.observe(value);
  const labels = new Map([['model', 'a']]);
  const text = renderFamilies([
    {
      name: 'h',
      help: 'H',
      type: 'histogram',
      samples: [{ kind: 'histogram', labels, histogram }],
    },
  ]);
  assert.deepEqual(text.split('\n').slice(2), [
    'h_bucket{model="a",le="0.5"} 1',
    'h_bucket{model="a",le="1"} 2',
    'h_bucket{model="a",le="+Inf"} 3',
    'h_sum{model="a"} 9.85',
    'h_count{model="a"} 3',
    '',
  ]);
});

test('renderFamilies() escapes label values so that they can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'n', '}') }), (value) => {
      const text = renderFamilies([
        {
          name: 'm',
          help: 'M',
          type: 'gauge',
          samples: [{ kind: 'value', labels: new Map([['l', value]]), value: 1 }],
        },
      ]);
      const lines = text.trimEnd().split('\n');
      assert.equal(lines.length, 3);
      const escaped = /^m\{l="(.*)"\} 1$/.exec(lines[2]!)?.[1] ?? assert.fail(lines[2]);
      const read = escaped.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
      assert.equal(read, value);
    }),
  );
});

test('labelName() makes a label name of any text', () => {
  assert.equal(labelName('_team'), '_team');
  assert.equal(labelName('cost centre/é'), 'cost_centre__');
  assert.equal(labelName('1st'), '_1st');
  assert.equal(labelName(''), '_');
});
