import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { type Tensor, encodeBytesElements } from '../../core/tensor.ts';
import { createStyle } from '../style.ts';
import { formatPrediction, predictionJson } from './format-prediction.ts';
import { summarizeLatency } from './latency.ts';

function floats(shape: readonly number[], ...values: readonly number[]): Tensor {
  return { datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

const texts: Tensor = {
  datatype: 'BYTES',
  shape: [2],
  data: encodeBytesElements([Buffer.from('a\n'), Buffer.from('b')]),
};

const prediction = {
  target: { model: 'm', loadMs: 12.5, labels: new Map([['scores', ['cat', 'dog', 'bird']]]) },
  run: {
    outputs: new Map([
      ['scores', floats([2, 3], 0.1, 0.7, 0.2, NaN, 0.25, -Infinity)],
      ['texts', texts],
    ]),
    durationMs: 3.25,
    stages: [{ name: 'execute', durationMs: 3 }],
  },
  latency: summarizeLatency([4, 1, 3, 2]),
};

test('formatPrediction() shows values and the highest class of each item', () => {
  const lines = formatPrediction(prediction, createStyle(new PassThrough(), {}));
  assert.deepEqual(lines, [
    'm',
    '  loaded in 12.5 ms',
    '  answered in 3.250 ms (execute 3.000)',
    '  of 4 more runs: min 1.000 ms, p50 2.000 ms, p99 4.000 ms',
    '',
    'outputs',
    '  scores  FP32   [2,3]  0.1, 0.7, 0.2, NaN, 0.25, -Infinity',
    '  texts   BYTES  [2]    "a\\n", "b"',
    '',
    'highest of each item',
    "  scores  item 0  class 1 'dog'  0.7",
    "  scores  item 1  class 1 'dog'  0.25",
  ]);
});

test('predictionJson() holds all of the outputs in a form JSON has', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(predictionJson(prediction))), {
    model: 'm',
    loadMs: 12.5,
    durationMs: 3.25,
    stagesMs: { execute: 3 },
    latency: { runs: 4, minMs: 1, p50Ms: 2, p99Ms: 4 },
    outputs: {
      scores: {
        datatype: 'FP32',
        shape: [2, 3],
        data: [[...Float32Array.of(0.1, 0.7, 0.2)], ['NaN', 0.25, '-Infinity']],
      },
      texts: { datatype: 'BYTES', shape: [2], data: ['a\n', 'b'] },
    },
  });
});

test('summarizeLatency() takes the nearest rank and needs a duration', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(summarizeLatency(hundred), { runs: 100, minMs: 1, p50Ms: 50, p99Ms: 99 });
  assert.deepEqual(summarizeLatency([7]), { runs: 1, minMs: 7, p50Ms: 7, p99Ms: 7 });
  assert.equal(summarizeLatency([]), undefined);
});
