import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { addTargetOptions } from './common-options.ts';
import { checkProtocolOptions } from './protocol-options.ts';

const values: Readonly<Record<string, readonly string[]>> = {
  '--model': ['m'],
  '--model-version': ['1'],
  '--input': ['a=a.npy'],
  '--zero': [],
  '--dimension': ['n=1'],
  '--dataset': ['d'],
  '--check': ['c.json'],
  '--tolerance': ['0.1'],
  '--prompts': ['p.jsonl'],
  '--prompt-words': ['9'],
  '--output-tokens': ['9'],
};

/** The options that a protocol is refused. */
function refusedBy(url: string, ...args: readonly string[]): string[] {
  return Object.entries(values).flatMap(([flag, value]) => {
    const command = addTargetOptions(new Command().exitOverride());
    command.parse([url, flag, ...value, ...args], { from: 'user' });
    try {
      checkProtocolOptions(url, command);
      return [];
    } catch (thrown) {
      assert.match(String(thrown), new RegExp(`${flag} is for the protocols .* '${url}'`));
      return [flag];
    }
  });
}

const openAiOnly = ['--prompts', '--prompt-words', '--output-tokens'];
const tensorsOnly = Object.keys(values).filter(
  (flag) => flag !== '--model' && !openAiOnly.includes(flag),
);

test('checkProtocolOptions() refuses what the protocol has no use for', () => {
  const url = 'http://x';
  assert.deepEqual(refusedBy('grpc://x'), openAiOnly);
  assert.deepEqual(refusedBy(url, '--protocol', 'http-json'), openAiOnly);
  assert.deepEqual(refusedBy(url, '--protocol', 'chat'), tensorsOnly);
  assert.deepEqual(refusedBy(url, '--protocol', 'embeddings'), [...tensorsOnly, '--output-tokens']);
  assert.deepEqual(refusedBy(url, '--protocol', 'plain'), Object.keys(values));
});

test('checkProtocolOptions() looks at what was given, not at defaults', () => {
  const command = addTargetOptions(new Command().exitOverride());
  command.parse(['http://x'], { from: 'user' });
  checkProtocolOptions('http://x', command);
});
