import { invalidArgument } from '../core/error.ts';
import { type ServerConfig, serverSettings } from './server-config.ts';

/** The settings that are patterns of header names. */
type HeaderPatternKey = 'httpHeaderForwardPattern' | 'grpcHeaderForwardPattern';

/**
 * Reads a pattern of header names: a regular expression that may match any part of a name. As in
 * Triton, letters of both cases are the same unless it begins with `(?-i)`.
 * @returns `undefined` when it is not set.
 * @throws HeadwayError `invalid_argument` when it is no regular expression.
 */
export function headerPatternOf(
  config: Pick<ServerConfig, HeaderPatternKey>,
  key: HeaderPatternKey,
): RegExp | undefined {
  const text = config[key];
  if (text === undefined) return undefined;
  const [prefix = '', on = '', off = ''] = /^\(\?([ims]*)(?:-([ims]+))?\)/.exec(text) ?? [];
  const flags = [...new Set(`ui${on}`)].filter((letter) => !off.includes(letter));
  try {
    return new RegExp(text.slice(prefix.length), flags.join(''));
  } catch (cause) {
    throw invalidArgument(
      `Setting '${key}' (--${serverSettings[key].flag}) must be a regular expression of header names, such as my-header-.*, as JavaScript has them (flag u); '${text}' is none: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}
