import { invalidArgument } from '../core/error.ts';
import { didYouMean } from '../core/nearest-name.ts';
import { headerPatternOf } from './header-pattern.ts';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from './quantity.ts';
import { type ServerConfig, serverSettings } from './server-config.ts';
import type { Setting } from './setting.ts';
import { checkTraces } from './trace-server-settings.ts';

type SettingInput<Value> = Value extends number ? number | string : Value;

/** What a configuration may say: any of the settings, quantities also as `30s` or `64MiB`. */
export type ServerConfigInput = {
  readonly [Key in keyof ServerConfig]?: SettingInput<ServerConfig[Key]> | undefined;
};

/** Settings from one place, with the name of the place for messages. */
export interface ServerConfigLayer {
  /** Such as `headway.yaml` or `command line`. */
  readonly from: string;
  readonly values: unknown;
  /** How a setting is written there, for messages; by its key when absent. */
  readonly written?: (key: keyof ServerConfig) => string;
}

/** Gives an object literal in a `headway.config.ts` its type. */
export function defineConfig(config: ServerConfigInput): ServerConfigInput {
  return config;
}

/**
 * Checks settings and completes them with the defaults; a later layer wins over an earlier one, and
 * `undefined` counts as not said.
 * @throws HeadwayError `invalid_argument` for an unknown setting, a wrong type or range, settings
 * that contradict each other, or an address beyond loopback with neither a key nor `insecure`.
 */
export function resolveServerConfig(layers: readonly ServerConfigLayer[]): ServerConfig {
  const entries = Object.entries(serverSettings).map(([key, setting]) => [key, setting.default]);
  const values: Record<string, unknown> = Object.fromEntries(entries);
  const written = new Map<string, string>();
  for (const layer of layers) {
    const { from, values: given } = layer;
    if (!isPlainObject(given)) {
      throw invalidArgument(`${from}: expected settings by name, got ${describe(given)}.`);
    }
    for (const [key, value] of Object.entries(given)) {
      if (value === undefined) continue;
      values[key] = checkedValue(layer, key, value);
      written.set(key, writtenIn(layer, key));
    }
  }
  const config = Object.freeze(values) as unknown as ServerConfig;
  checkLoadModels(config);
  checkTls(config, written);
  checkTraces(config);
  headerPatternOf(config, 'httpHeaderForwardPattern');
  headerPatternOf(config, 'grpcHeaderForwardPattern');
  checkExposure(config, written);
  return config;
}

function writtenIn({ from, written }: ServerConfigLayer, key: string): string {
  return written?.(key as keyof ServerConfig) ?? `${from}: setting '${key}'`;
}

function checkedValue(layer: ServerConfigLayer, key: string, value: unknown): unknown {
  const settings: Readonly<Record<string, Setting>> = serverSettings;
  if (!Object.hasOwn(settings, key)) {
    throw invalidArgument(
      `${layer.from}: unknown setting '${key}'${didYouMean(key, Object.keys(settings)) || '.'}`,
    );
  }
  const setting = settings[key] as Setting;
  const checked = readValue(setting, value);
  if (checked === undefined) {
    throw invalidArgument(
      `${writtenIn(layer, key)} must be ${describeExpected(setting)}, got ${describe(value)}.`,
    );
  }
  return checked;
}

function readValue(setting: Setting, value: unknown): unknown {
  switch (setting.kind) {
    case 'text':
      return typeof value === 'string' && value !== '' ? value : undefined;
    case 'texts':
      return readTexts(value);
    case 'switch':
      return typeof value === 'boolean' ? value : undefined;
    case 'choice':
      return setting.choices.find((choice) => choice === value);
    case 'count':
      return inRange(setting, typeof value === 'string' ? wholeNumber(value) : value);
    case 'duration':
      return inRange(setting, typeof value === 'string' ? parseDurationMs(value) : value);
    case 'size':
      return inRange(setting, typeof value === 'string' ? parseSizeBytes(value) : value);
  }
}

function readTexts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((text) => typeof text === 'string' && text !== '');
  return texts.length === value.length ? Object.freeze(texts) : undefined;
}

function inRange(setting: { min: number; max: number }, value: unknown): number | undefined {
  const fits = Number.isSafeInteger(value) && Number(value) >= setting.min;
  return fits && Number(value) <= setting.max ? Number(value) : undefined;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What a setting takes, as messages and the documentation say it. */
export function describeExpected(setting: Setting): string {
  switch (setting.kind) {
    case 'text':
      return 'a text';
    case 'texts':
      return 'a list of texts';
    case 'switch':
      return 'true or false';
    case 'choice':
      return `one of ${setting.choices.join(', ')}`;
    case 'count':
      return `a whole number from ${setting.min} to ${setting.max}`;
    case 'duration':
      return `a duration from ${formatDuration(setting.min)} to ${formatDuration(setting.max)} (milliseconds, or such as 30s)`;
    case 'size':
      return `a size from ${formatSize(setting.min)} to ${formatSize(setting.max)} (bytes, or such as 64MiB)`;
  }
}

function checkLoadModels({ loadModels, modelControlMode }: ServerConfig): void {
  if (loadModels.length === 0 || modelControlMode === 'explicit') return;
  throw invalidArgument(
    `Setting 'loadModels' (--load-model) needs 'modelControlMode' (--model-control-mode) explicit; it is ${modelControlMode}, which loads every model.`,
  );
}

/** The settings that were said, by key, as they are written where they were said. */
type Written = ReadonlyMap<string, string>;

function checkTls(config: ServerConfig, written: Written): void {
  const { tlsCertificate, tlsKey, tlsClientCa } = config;
  const given = [tlsCertificate, tlsKey].filter((file) => file !== undefined).length;
  if (given === 1) {
    const said = written.get(tlsKey === undefined ? 'tlsCertificate' : 'tlsKey');
    throw invalidArgument(
      `${said} was given alone: a certificate and its key ('tlsCertificate' and 'tlsKey', or --tls-certificate and --tls-key) go together.`,
    );
  }
  if (tlsClientCa !== undefined && given === 0) {
    throw invalidArgument(
      `${written.get('tlsClientCa')} needs a certificate and its key ('tlsCertificate' and 'tlsKey', or --tls-certificate and --tls-key): clients are asked for a certificate over TLS.`,
    );
  }
}

/** An address for other machines needs a key, or certificates of clients. */
function checkExposure(config: ServerConfig, written: Written): void {
  if (config.insecure || config.apiKeys.length > 0 || config.tlsClientCa !== undefined) return;
  for (const key of ['httpHost', 'grpcHost', 'metricsHost'] as const) {
    const host = config[key];
    if (isLoopback(host)) continue;
    throw invalidArgument(
      `${written.get(key)} is '${host}', which other machines can reach, and no API key is set; give one with --api-key, or allow it with --insecure.`,
    );
  }
}

/** Whether an address to bind to can be reached from this machine only. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The value of a secret must not reach a message, so texts are described and not quoted.
function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text that does not fit';
  return typeof value === 'object' ? 'an object' : String(value);
}
