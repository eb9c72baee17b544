import { HeadwayError, invalidArgument } from '../core/error.ts';
import { type LogLevel, type Logger, logLevels } from '../core/logger.ts';
import { didYouMean } from '../core/nearest-name.ts';

/** `default` is the short form of Triton; `ISO8601` begins lines with the whole time. */
const logFormats = ['default', 'ISO8601'] as const;

export type LogFormat = (typeof logFormats)[number];

/** Which lines are written and how they look, under the names of the protocol. */
export interface LogSettings {
  /** Always empty: lines go to standard error. */
  readonly log_file: string;
  readonly log_info: boolean;
  readonly log_warning: boolean;
  readonly log_error: boolean;
  /** Verbose lines are written from 1 on. */
  readonly log_verbose_level: number;
  readonly log_format: LogFormat;
}

/** New values by name, as a protocol read them; `null` leaves a setting as it is. */
export type LogSettingsChanges = ReadonlyMap<string, unknown>;

/** The settings of a log, which may change while it is written. */
export interface LogControl {
  settings(): LogSettings;
  /**
   * Changes all of what is given, or nothing.
   * @throws HeadwayError `unimplemented` for the log file, `invalid_argument` for an unknown name
   * or a wrong value, `unavailable` for an unknown format, as Triton has it.
   */
  update(changes: LogSettingsChanges): LogSettings;
}

/** @param level the least severe level that is written at first. */
export function createLogControl(level: LogLevel): LogControl {
  const writes = (wanted: LogLevel): boolean =>
    logLevels.indexOf(wanted) <= logLevels.indexOf(level);
  let settings: LogSettings = {
    log_file: '',
    log_info: writes('info'),
    log_warning: writes('warning'),
    log_error: writes('error'),
    log_verbose_level: writes('verbose') ? 1 : 0,
    log_format: 'default',
  };
  return {
    settings: () => settings,
    update(changes) {
      const changed: Record<string, unknown> = {};
      for (const [name, value] of changes) {
        const checked = checkSetting(name, value);
        if (checked !== undefined) changed[name] = checked;
      }
      settings = { ...settings, ...changed };
      return settings;
    },
  };
}

/** A logger that drops the lines its settings do not want. */
export function createControlledLogger(logger: Logger, control: LogControl): Logger {
  return {
    error: (message, fields) => {
      if (control.settings().log_error) logger.error(message, fields);
    },
    warning: (message, fields) => {
      if (control.settings().log_warning) logger.warning(message, fields);
    },
    info: (message, fields) => {
      if (control.settings().log_info) logger.info(message, fields);
    },
    verbose: (message, fields) => {
      if (control.settings().log_verbose_level > 0) logger.verbose(message, fields);
    },
  };
}

const settingNames: readonly (keyof LogSettings)[] = [
  'log_file',
  'log_info',
  'log_warning',
  'log_error',
  'log_verbose_level',
  'log_format',
];

const maxVerboseLevel = 2 ** 31 - 1;

/** The value to set; `undefined` when there is nothing to change. */
function checkSetting(name: string, value: unknown): unknown {
  if (!settingNames.includes(name as keyof LogSettings)) {
    const text = name.slice(0, 100);
    throw invalidArgument(`unknown log setting '${text}'${didYouMean(name, settingNames) || '.'}`);
  }
  if (value === null) return undefined;
  switch (name as keyof LogSettings) {
    case 'log_file':
      throw new HeadwayError(
        'unimplemented',
        'log file location can not be updated through network protocol',
      );
    case 'log_info':
    case 'log_warning':
    case 'log_error':
      if (typeof value === 'boolean') return value;
      throw invalidArgument(`expect boolean for '${name}'`);
    case 'log_verbose_level':
      if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= maxVerboseLevel)
        return value;
      throw invalidArgument(`expect int32 for '${name}', from 0`);
    case 'log_format':
      return checkFormat(value);
  }
}

function checkFormat(value: unknown): LogFormat {
  if (typeof value !== 'string') throw invalidArgument("expect string for 'log_format'");
  const format = logFormats.find((known) => known === value);
  if (format !== undefined) return format;
  throw new HeadwayError(
    'unavailable',
    `invalid argument for log_format, got: ${value.slice(0, 100)}`,
  );
}
