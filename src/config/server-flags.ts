import { formatDuration, formatSize } from './quantity.ts';
import { describeExpected } from './resolve-server-config.ts';
import { type ServerConfig, serverSettings } from './server-config.ts';
import type { Setting } from './setting.ts';

/** A setting as a command-line option. */
export interface ServerFlag {
  readonly key: keyof ServerConfig;
  /** Name and placeholder: `--http-port <number>`. */
  readonly usage: string;
  /** What it does, with its default. */
  readonly description: string;
  /** Whether it may be given several times. */
  readonly repeatable: boolean;
}

/** Every server setting as a command-line option, in the order of the documentation. */
export function serverFlags(): readonly ServerFlag[] {
  return settingEntries().map(([key, setting]) => ({
    key,
    usage: `--${setting.flag}${placeholder(setting)}`,
    description: `${setting.description}${defaultNote(setting)}`,
    repeatable: setting.kind === 'texts',
  }));
}

/**
 * Turns parsed command-line options, by camel-cased flag name, into settings by key. Options that
 * are no server setting are left out.
 */
export function settingsFromFlags(
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, setting] of settingEntries()) {
    const given = options[optionName(setting.flag)];
    if (given === undefined) continue;
    const isSwitchText = setting.kind === 'switch' && (given === 'true' || given === 'false');
    values[key] = isSwitchText ? given === 'true' : given;
  }
  return values;
}

/** How the command line writes a setting: `--http-port`. */
export function flagOf(key: keyof ServerConfig): string {
  return `--${serverSettings[key].flag}`;
}

/** The name under which the command line's parser gives the value of a flag. */
export function optionName(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The configuration table of the documentation, in Markdown. */
export function serverSettingsTable(): string {
  const rows = settingEntries().map(
    ([key, setting]) =>
      `| \`${key}\` | \`--${setting.flag}\` | ${shownDefault(setting) || '–'} | ${describeExpected(setting)} | ${setting.description} |`,
  );
  return [
    '| setting | flag | default | takes | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function settingEntries(): readonly [keyof ServerConfig, Setting][] {
  return Object.entries(serverSettings) as [keyof ServerConfig, Setting][];
}

function placeholder(setting: Setting): string {
  switch (setting.kind) {
    case 'text':
    case 'texts':
      return ` <${setting.placeholder}>`;
    case 'switch':
      return ' [true|false]';
    case 'choice':
      return ` <${setting.choices.join('|')}>`;
    case 'count':
      return ' <number>';
    case 'duration':
    case 'size':
      return ` <${setting.kind}>`;
  }
}

function defaultNote(setting: Setting): string {
  const shown = shownDefault(setting);
  return shown === '' ? '' : ` (default ${shown})`;
}

function shownDefault(setting: Setting): string {
  switch (setting.kind) {
    case 'text':
      return setting.default ?? '';
    case 'texts':
      return setting.default.join(', ');
    case 'switch':
      return setting.default ? 'on' : '';
    case 'choice':
      return setting.default;
    case 'count':
      return String(setting.default);
    case 'duration':
      return formatDuration(setting.default);
    case 'size':
      return formatSize(setting.default);
  }
}
