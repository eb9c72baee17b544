import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatResult } from './format-result.ts';
import { loadText, resultText } from './record-facts.ts';

const run = {
  load: { kind: 'rate', ratePerSecond: 50 },
  requestCount: 60,
  achievedPerSecond: 50.04,
  outcomes: { ok: 58, failed: 2 },
  latencyMs: {
    quantiles: [
      { quantile: 0.5, value: 2 },
      { quantile: 0.99, value: 12.3456 },
    ],
  },
  validity: { isValid: false },
};
const clause = { metric: 'latency', quantile: 0.99, limitMs: 10 };

test('loadText() says what was measured', () => {
  for (const [settings, text] of [
    [{ arrival: 'poisson' }, '10/s'],
    [{ rate: 50 }, '50/s'],
    [{ arrival: 'steps:1@1s' }, 'steps:1@1s'],
    [{ concurrency: 4 }, '4 in flight'],
    [{ sweep: 'rate=1,2' }, 'sweep rate=1,2'],
    [{ search: 'rate', slo: 'p99=1ms' }, 'search rate p99=1ms'],
    [{ knee: true }, 'knee'],
    [{ scenario: 'offline', concurrency: 64 }, 'offline scenario'],
  ] as const) {
    assert.equal(loadText({ kind: 'bench', settings }), text);
  }
  assert.equal(loadText({ kind: 'prove', settings: { slo: 'rate=1,p99=1ms' } }), 'rate=1,p99=1ms');
});

test('resultText() gives the number that says most', () => {
  const settings = {};
  for (const [result, text] of [
    [null, '–'],
    [{ runs: [run] }, 'p99 12.35 ms'],
    [{ runs: [{ ...run, latencyMs: null }] }, 'p99 – ms'],
    [{ runs: [run, { ...run, achievedPerSecond: 70 }] }, '70 answers/s'],
    [{ runs: [run, run], finding: { kind: 'highest', of: 'rate', within: 400 } }, '400/s'],
    [{ runs: [run, run], finding: { kind: 'knee', concurrency: 8 } }, '8 in flight'],
    [
      { finding: { kind: 'proved', clauses: [{ requestCount: 9, missCount: 1 }] } },
      '1 of 9 missed',
    ],
    [{ comparison: { quantiles: [{ quantile: 0.5, difference: -1 }] } }, 'p50 -1 ms apart'],
  ] as const) {
    assert.equal(resultText({ result, settings }), text);
  }
  const search = { result: { runs: [run, run] }, settings: { search: 'rate' } };
  assert.equal(resultText(search), '–');
});

test('formatResult() has a line for each run, and says what was found', () => {
  const finding = { kind: 'refuted', reason: 'it is late', clauses: [{ clause, missCount: 1 }] };
  const lines = formatResult({ result: { runs: [run, { name: 'pair 1' }], finding } });
  assert.equal(lines[0], '  it is late');
  assert.match(lines[1] ?? '', /p99=10ms +1 of – missed/);
  assert.match(lines[3] ?? '', /50\/s +60 +50\.04 +2 +12\.35 +2 +NO/);
  assert.match(lines[4] ?? '', /pair 1 +– .* yes/);
  assert.deepEqual(formatResult({ result: null }), []);
});
