import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatSlo, loosestLimitMs, parseSlo, sloMetrics } from './slo.ts';

const clauses = fc.uniqueArray(
  fc.record(
    {
      metric: fc.constantFrom(...sloMetrics),
      quantile: fc.integer({ min: 1, max: 9_999 }).map((share) => share / 10_000),
      limitMs: fc.integer({ min: 1, max: 10_000_000 }).map((limit) => limit / 100),
    },
    { noNullPrototype: true },
  ),
  { minLength: 1, maxLength: 5, selector: ({ metric, quantile }) => `${metric} ${quantile}` },
);

describe('parseSlo()', () => {
  test('reads what formatSlo() writes', () => {
    const rate = fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined });
    fc.assert(
      fc.property(clauses, rate, (latency, ratePerSecond) => {
        const slo = ratePerSecond === undefined ? { latency } : { ratePerSecond, latency };
        assert.deepEqual(parseSlo(formatSlo(slo)), slo);
      }),
    );
  });

  test('reads units, spaces and short percentiles', () => {
    assert.deepEqual(parseSlo(' rate=12.5/s , p99=0.1s,p999=2 s, ttft.p95=500us,p5=1ms'), {
      ratePerSecond: 12.5,
      latency: [
        { metric: 'latency', quantile: 0.99, limitMs: 100 },
        { metric: 'latency', quantile: 0.999, limitMs: 2_000 },
        { metric: 'ttft', quantile: 0.95, limitMs: 0.5 },
        { metric: 'latency', quantile: 0.05, limitMs: 1 },
      ],
    });
  });

  test('says what is wrong with a text that is no SLO', () => {
    const bad: [string, RegExp][] = [
      ['', /has '' where a clause was expected, such as 'p99=100ms/],
      ['rate=100', /bounds no latency/],
      ['p99=100', /clause 'p99' is '100'; expected a time above 0 with its unit/],
      ['p99=0ms', /expected a time above 0/],
      ['p99=100parsecs', /expected a time above 0/],
      ['p100=1s', /no clause named 'p100'/],
      ['p0=1s', /no clause named 'p0'/],
      ['tftt.p99=1s', /no clause named 'tftt.p99'; did you mean 'ttft'\?/],
      ['p99=1s,rate=-1', /the SLO's rate is '-1'/i],
      ['p99=1s,rate=1,rate=1', /has 'rate' twice/],
      ['p99=1s,p99=2s', /has 'p99' twice/],
      ['p99=1s,', /has '' where/],
    ];
    for (const [text, message] of bad) {
      assert.throws(() => parseSlo(text), { code: 'invalid_argument', message });
    }
  });
});

test('loosestLimitMs() is the most that one request may take', () => {
  const slo = parseSlo('ttft.p50=100ms,ttft.p99=500ms,p99=2s,p50=1s');
  const metrics = ['ttft', 'latency', 'itl'] as const;
  const limits = metrics.map((metric) => loosestLimitMs(slo, metric));
  assert.deepEqual(limits, [500, 2000, undefined]);
  assert.equal(loosestLimitMs(undefined, 'latency'), undefined);
});
