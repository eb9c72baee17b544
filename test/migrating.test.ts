import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { modelConfigSchema } from '../src/config/model/schema.ts';
import type { FieldSchema } from '../src/config/model/schema-types.ts';
import { tritonFlags } from '../src/config/triton-flags.ts';
import { addModel } from '../src/testing/models/small-models.ts';
import { serve } from './support/serve.ts';

const page = readFileSync(new URL('../docs/migrating-from-triton.md', import.meta.url), 'utf8');

function assertNamed(name: string): void {
  assert.ok(page.includes(name), `docs/migrating-from-triton.md lacks ${name}`);
}

test('the page on moving from Triton names every flag that is taken under another name', () => {
  for (const [name, { kind }] of Object.entries(tritonFlags)) {
    if (kind !== 'refused' && kind !== 'ignored') assertNamed(`\`--${name}\``);
  }
});

test('the page on moving from Triton names every config field that is refused or ignored', () => {
  const messages: Readonly<Record<string, Readonly<Record<string, FieldSchema>>>> =
    modelConfigSchema;
  for (const [message, fields] of Object.entries(messages)) {
    for (const [name, { effect }] of Object.entries(fields)) {
      // These are named by the field that holds them.
      if (effect === undefined) continue;
      if (message === 'RateLimiter') assertNamed('`instance_group.rate_limiter`');
      else if (message === 'PinnedMemory') assertNamed('`optimization.input_pinned_memory`');
      else assert.match(page, new RegExp('[`.]' + name + '`'));
    }
  }
});

test('the page on moving from Triton names every metric of a model', async () => {
  await using served = await serve({
    'add/1/model.onnx': addModel(),
    'add/config.pbtxt': 'response_cache { enable: true }\n',
  });
  const answer = await fetch(`${served.server.urls.metrics}/metrics`);
  const names = (await answer.text()).matchAll(/^# TYPE ((?:nv|headway)_\w+) /gm);
  for (const [, name = ''] of names) assertNamed(`\`${name}\``);
});
