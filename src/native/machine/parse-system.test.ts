import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuInfo, parseCpuPressure, parseLoadAverage } from './parse-system.ts';

test('parseCpuInfo() reads what x86 says', () => {
  const text = [
    'processor\t: 0',
    'vendor_id\t: AuthenticAMD',
    'model\t\t: 1',
    'model name\t: AMD EPYC 7763 64-Core Processor ',
    'flags\t\t: fpu sse2 avx2 ',
    'bugs\t\t: spectre_v1',
    '',
    'processor\t: 1',
    'model name\t: Another',
  ].join('\n');
  assert.deepEqual(parseCpuInfo(text), {
    model: 'AMD EPYC 7763 64-Core Processor',
    flags: ['avx2', 'fpu', 'sse2'],
  });
});

test('parseCpuInfo() reads what Arm says', () => {
  const text =
    'processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n';
  assert.deepEqual(parseCpuInfo(text), {
    model: 'implementer 0x41 part 0xd0c',
    flags: ['asimd', 'asimddp', 'fp'],
  });
});

test('parseCpuInfo() makes nothing up', () => {
  assert.deepEqual(parseCpuInfo(''), { model: null, flags: [] });
  assert.deepEqual(parseCpuInfo('model name\t:\nflags\t:\n'), { model: null, flags: [] });
});

test('parseLoadAverage() reads the averages and the threads', () => {
  assert.deepEqual(parseLoadAverage('0.18 0.31 0.45 3/130 19420\n'), {
    averages: [0.18, 0.31, 0.45],
    runnable: 3,
    threads: 130,
  });
  for (const text of ['', '0.18 0.31', 'a b c 1/2 3']) assert.equal(parseLoadAverage(text), null);
});

test('parseCpuPressure() reads the share of time that something waited', () => {
  const text =
    'some avg10=1.53 avg60=0.87 avg300=0.73 total=1037480\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n';
  assert.equal(parseCpuPressure(text), 1.53);
  assert.equal(parseCpuPressure(''), null);
});
