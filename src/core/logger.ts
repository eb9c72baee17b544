export const logLevels = ['error', 'warning', 'info', 'verbose'] as const;

export type LogLevel = (typeof logLevels)[number];

/** Values attached to a line; never secrets, never tensor contents. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the program's own words go. The composition root decides the form and the place. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  verbose(message: string, fields?: LogFields): void;
}

/** A logger that says nothing. */
export const silentLogger: Logger = Object.freeze({
  error: () => {},
  warning: () => {},
  info: () => {},
  verbose: () => {},
});
