import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { serverSettingsTable } from '../src/config/server-flags.ts';

test('the README shows the settings as they are', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  assert.ok(
    readme.includes(serverSettingsTable()),
    'README.md: replace the table between the settings marks by what serverSettingsTable() returns',
  );
});
