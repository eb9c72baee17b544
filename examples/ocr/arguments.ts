import { parseArgs } from 'node:util';

/** What the command line of the example may say. */
export interface ExampleArguments {
  readonly isOnce: boolean;
  readonly text: string;
  /** A picture to read instead of a drawn one. */
  readonly image: string | undefined;
  readonly port: number;
  readonly home: string | undefined;
}

export const defaultText = 'Headway reads this line';

export const usage = `Reads text in a picture with two models, served by Headway over HTTP.

  npm start                              draw a picture, read it, and keep serving
  npm start -- --once                    the same, and exit
  npm start -- --text "Open all day"     draw other text
  npm start -- --image photo.jpg         read a picture of your own (JPEG, PNG, WebP)
  npm start -- --port 9000               another port (metrics two above it); 0 for any
  npm start -- --home DIR                another folder than ~/.headway for what is downloaded
`;

/**
 * Reads the command line; `help` when that is what it asks for.
 * @throws TypeError for an unknown option or an impossible value.
 */
export function parseArguments(args: readonly string[]): ExampleArguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      text: { type: 'string', default: defaultText },
      image: { type: 'string' },
      port: { type: 'string', default: '8000' },
      home: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_533) {
    throw new TypeError(`--port must be a whole number from 0 to 65533, got '${values.port}'.`);
  }
  if (values.text.trim() === '') throw new TypeError('--text must not be empty.');
  const { once: isOnce, text, image, home } = values;
  return { isOnce, text, image, port, home };
}
